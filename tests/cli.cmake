# The command line.
check(core.nearest core)

file(GLOB option_c CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/jobs/option*.c)
add_library(job_options STATIC ${option_c} ${PROJECT_SOURCE_DIR}/jobs/print.c)
target_compile_options(job_options PRIVATE ${warnings})
target_link_libraries(job_options PUBLIC io)
check(jobs.option job_options)

script(cli.manners)
script(cli.limits)
script(cli.users)
