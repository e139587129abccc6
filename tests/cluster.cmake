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
endif()
script(cli.dry)
