# One source against both libraries: core.ops_float is what the program runs, core.ops_double adds
# finite differences.
foreach(kind float double)
  set(library core)
  if(kind STREQUAL double)
    set(library core_double)
  endif()
  add_executable(test_core_ops_${kind} test_core_ops.c op_cases.c op_driver.c ref_ops.c ref_windows.c)
  target_link_libraries(test_core_ops_${kind} PRIVATE ${library} PkgConfig::cmocka m)
  target_compile_options(test_core_ops_${kind} PRIVATE ${warnings})
  add_test(NAME core.ops_${kind} COMMAND test_core_ops_${kind})
  set_tests_properties(core.ops_${kind} PROPERTIES TIMEOUT 120 ENVIRONMENT "${test_env}")
endforeach()
