# Scans for backdoors: scores and decisions; the program on planted triggers; with LONG=1 the table of docs/scan.md.
check(core.scan core)
target_sources(test_core_scan PRIVATE core_net.c)
script(scan.planted)
