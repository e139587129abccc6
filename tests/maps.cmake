# Class maps: losses, synthetic images, the iteration.
check(core.class_engine core)
target_sources(test_core_class_engine PRIVATE core_net.c)
check_double(core.class_engine)
target_sources(test_core_class_engine_double PRIVATE core_net.c)
script(classmap.reference)
script(classmap.study)
script(classmap.models)
set_tests_properties(classmap.models PROPERTIES TIMEOUT 7200)
