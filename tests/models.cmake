# Every classification architecture of torchvision; targets of their own, as they take long:
#   cmake --build build/release --target models_survey    which exports load
add_custom_target(models_survey
  COMMAND ${CMAKE_COMMAND} -E env RETROGRAD=$<TARGET_FILE:retrograd>
    /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/models_export.py
  DEPENDS retrograd USES_TERMINAL)
