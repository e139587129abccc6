# Scans for backdoors: scores and decisions; the program on planted triggers; with LONG=1 the table of docs/scan.md.
check(core.scan core)
target_sources(test_core_scan PRIVATE core_net.c)
script(scan.planted)
script(scan.table)
set_tests_properties(scan.table PROPERTIES TIMEOUT 7200)

# The clean and backdoored models that the scan's null and curve are fitted on: an hour or so of one core.
add_custom_target(scan_population
  COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/scan/population.py ${CMAKE_BINARY_DIR}/scan_population ${PROJECT_SOURCE_DIR}/../shared/data
  USES_TERMINAL)
