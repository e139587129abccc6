# The clones of functions marked SIMD, one program for each level of x86-64: core/simd.h.  There are none in
# the sanitizers' build.
string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
if(CMAKE_C_COMPILER_ID STREQUAL GNU AND CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64 AND NOT build_type STREQUAL ASAN)
  foreach(level 1 3 4)
    add_executable(tool_clones_${level} tool_clones.c clone_level.c op_cases.c op_driver.c op_driver_read.c core_net.c core_unit.c)
    target_compile_definitions(tool_clones_${level} PRIVATE CLONE_LEVEL=${level})
    target_compile_options(tool_clones_${level} PRIVATE ${warnings})
    target_link_libraries(tool_clones_${level} PRIVATE core PkgConfig::cmocka m)
    target_link_options(tool_clones_${level} PRIVATE -Wl,--wrap=__cpu_indicator_init)
  endforeach()
  script(core.clones)
  set_property(TEST core.clones APPEND PROPERTY ENVIRONMENT "TOOL_CLONES=${CMAKE_CURRENT_BINARY_DIR}/tool_clones_")
endif()
