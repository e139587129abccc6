# Studies: sanity checks, input bias, and the papers' studies.
check(io.plot io)
script(studies.sanity)
script(studies.bias)
script(studies.run)
script(studies.kill)
set_tests_properties(studies.run studies.kill PROPERTIES TIMEOUT 3600)
# Studies on the demo model and on the real models of ../shared: the tables of docs/studies_results.md.
add_custom_target(studies_models
  COMMAND ${CMAKE_COMMAND} -E env RETROGRAD=$<TARGET_FILE:retrograd> SOURCE=${PROJECT_SOURCE_DIR} /usr/bin/python3
    ${CMAKE_CURRENT_SOURCE_DIR}/studies_models.py ${CMAKE_BINARY_DIR}/studies
  DEPENDS retrograd USES_TERMINAL)
