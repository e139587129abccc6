# The benchmark, tests/bench/run.sh: its timing tool, and a short run of the machinery on the shipped model.
add_executable(engine bench/engine.c)
target_link_libraries(engine PRIVATE pipeline)
target_compile_options(engine PRIVATE ${warnings})
add_executable(products bench/products.c) # what skipping zeros brings
target_link_libraries(products PRIVATE core)
target_compile_options(products PRIVATE ${warnings})
script(bench.smoke)
set_property(TEST bench.smoke APPEND PROPERTY ENVIRONMENT "ENGINE=$<TARGET_FILE:engine>")
