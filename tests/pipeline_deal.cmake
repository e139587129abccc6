# Units dealt to ranks, by a driver whose units sleep.
add_executable(tool_study tool_study.c)
target_link_libraries(tool_study PRIVATE pipeline)
target_compile_options(tool_study PRIVATE ${warnings})
script(pipeline.deal)
set_property(TEST pipeline.deal PROPERTY RUN_SERIAL TRUE) # it times units that sleep
set_property(TEST pipeline.deal APPEND PROPERTY ENVIRONMENT "TOOL_STUDY=$<TARGET_FILE:tool_study>")
