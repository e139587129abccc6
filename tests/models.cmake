# Every classification architecture of torchvision; targets of their own, as they take long:
#   cmake --build build/release --target models_survey    which exports load; goes on where it was stopped
#   cmake --build build/release --target models_proof     logits and gradients of all of them; the tables of
#                                                         docs/models.md; goes on where it was stopped
add_custom_target(models_survey
  COMMAND ${CMAKE_COMMAND} -E env RETROGRAD=$<TARGET_FILE:retrograd>
    /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/models_export.py --results ${CMAKE_BINARY_DIR}/models_survey.jsonl
  DEPENDS retrograd USES_TERMINAL)
set(proof ${CMAKE_COMMAND} -E env RETROGRAD=$<TARGET_FILE:retrograd>
  RESULTS=${CMAKE_BINARY_DIR}/models_proof.jsonl /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/models_proof.py)
add_custom_target(models_proof
  COMMAND ${proof}
  COMMAND ${proof} ${PROJECT_SOURCE_DIR}/docs/models.md
  DEPENDS retrograd USES_TERMINAL)

# The ONNX project's own tests of operators, driven through a small program.
add_executable(tool_model tool_model.c)
target_link_libraries(tool_model PRIVATE io m)
target_compile_options(tool_model PRIVATE ${warnings})
script(models.external)
script(proof.models)
foreach(name io.onnx_nodes io.onnx_graphs)
  script(${name})
  set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT "TOOL_MODEL=$<TARGET_FILE:tool_model>")
endforeach()
