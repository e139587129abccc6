# Shards and their merge, the digest, tasks without ranks, logs.
script(cli.shards asan)
script(cli.logs)
# Faults, by a library that is loaded before the program.  Sanitizers bring their own allocation.
string(TOUPPER "${CMAKE_BUILD_TYPE}" fault_build_type)
if(NOT fault_build_type STREQUAL ASAN)
  add_library(fault MODULE fault.c)
  target_link_libraries(fault PRIVATE MPI::MPI_C ${CMAKE_DL_LIBS})
  script(cluster.faults)
  set_property(TEST cluster.faults APPEND PROPERTY ENVIRONMENT "FAULT_LIBRARY=$<TARGET_FILE:fault>" "TOOL_STUDY=$<TARGET_FILE:tool_study>")
  # Kills in every phase; 200 of them with LONG=1, or by `cmake --build --preset release --target soak`.
  script(proof.soak)
  set_tests_properties(proof.soak PROPERTIES TIMEOUT 3600)
  set_property(TEST proof.soak APPEND PROPERTY ENVIRONMENT "FAULT_LIBRARY=$<TARGET_FILE:fault>")
  add_custom_target(soak USES_TERMINAL DEPENDS retrograd fault
    COMMAND ${CMAKE_COMMAND} -E env LONG=1 ${CMAKE_CTEST_COMMAND} -V -R "^proof[.]soak$$")
endif()
script(cli.dry)
# Times: alone on the machine.
foreach(name cluster.predict cluster.deal cluster.writing)
  script(${name})
  set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE TIMEOUT 1800)
endforeach()
