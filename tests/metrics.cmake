# Similarities, metrics and intervals against scipy, scikit-image and numpy.
add_executable(tool_metric tool_metric.c)
target_link_libraries(tool_metric PRIVATE core m)
target_compile_options(tool_metric PRIVATE ${warnings})
script(metrics.similarity asan)
script(metrics.maps asan)
set_property(TEST metrics.similarity metrics.maps APPEND PROPERTY ENVIRONMENT "TOOL_METRIC=$<TARGET_FILE:tool_metric>")
script(metrics.evaluate)
script(metrics.views)
