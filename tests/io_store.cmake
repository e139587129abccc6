check(io.store io 1 2 3)
check(io.skeleton io)
check(io.runlog io)
check(io.pack io)
check(io.npz io)

# The scripts drive the store through a small program; the library records what it writes.
add_executable(tool_store tool_store.c)
target_link_libraries(tool_store PRIVATE io m)
target_compile_options(tool_store PRIVATE ${warnings})
add_library(store_wlog MODULE store_wlog.c)
target_link_libraries(store_wlog PRIVATE ${CMAKE_DL_LIBS})
target_compile_options(store_wlog PRIVATE ${warnings})
foreach(name io.store_readers io.store_kill)
  script(${name})
  set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT
    "TOOL_STORE=$<TARGET_FILE:tool_store>" "STORE_WLOG=$<TARGET_FILE:store_wlog>" "MPIEXEC=${MPIEXEC_EXECUTABLE}")
endforeach()
