# Golden values of every rule and method, and identities that they must obey.
script(proof.golden)
script(proof.properties)
#   cmake --build build/release --target golden     makes them again, with the libraries from PyPI
add_custom_target(golden
  COMMAND /usr/bin/python3 -m venv --system-site-packages ${CMAKE_BINARY_DIR}/golden
  COMMAND ${CMAKE_BINARY_DIR}/golden/bin/pip install --quiet --no-deps
    --requirement ${CMAKE_CURRENT_SOURCE_DIR}/golden_requirements.txt
  COMMAND ${CMAKE_COMMAND} -E env SHARED_DATA=${PROJECT_SOURCE_DIR}/../shared/data
    ${CMAKE_BINARY_DIR}/golden/bin/python ${CMAKE_CURRENT_SOURCE_DIR}/golden_make.py
  USES_TERMINAL)
