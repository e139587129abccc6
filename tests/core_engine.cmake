# The engine: arena, graph, plan, tape, rules, extracts, names of methods and layers.

# The same test against the double build of core: check_double(core.tape) as ctest "core.tape_double".
function(check_double name)
  string(REPLACE . _ file ${name})
  add_executable(test_${file}_double test_${file}.c)
  target_link_libraries(test_${file}_double PRIVATE core_double PkgConfig::cmocka m)
  target_compile_options(test_${file}_double PRIVATE ${warnings})
  add_test(NAME ${name}_double COMMAND test_${file}_double)
  set_tests_properties(${name}_double PROPERTIES TIMEOUT 120 ENVIRONMENT "${test_env}")
endfunction()

# with(core.tape a.c b.c): further sources, and allocations counted where alloc_watch.c is one of them.
function(with name)
  string(REPLACE . _ file ${name})
  target_sources(test_${file} PRIVATE ${ARGN})
  if("alloc_watch.c" IN_LIST ARGN)
    foreach(call malloc calloc realloc aligned_alloc strdup free)
      target_link_options(test_${file} PRIVATE -Wl,--wrap=${call})
    endforeach()
  endif()
endfunction()

check(core.arena core)
check(core.product core)
check(core.product_sparse core)
check(core.product_thin core)
check(core.depthwise core)
check(core.gate core)

check(core.extract core)
with(core.extract ref_extract.c)
check_double(core.extract)
with(core.extract_double ref_extract.c)

check(core.method core)

check(core.select core)
with(core.select core_net.c)

# Differences want double precision: the double build alone.
check_double(core.gradient)
with(core.gradient_double core_net.c core_unit.c)

check(core.tape core)
with(core.tape core_net.c core_unit.c alloc_watch.c)
check_double(core.tape)
check(core.sizes core)
with(core.sizes core_net.c core_unit.c)
with(core.tape_double core_net.c core_unit.c alloc_watch.c)

check(core.stage core)
with(core.stage core_net.c core_unit.c)

check(core.parts core)
with(core.parts core_net.c core_unit.c)

check(core.rules core)
with(core.rules core_net.c core_unit.c)
check_double(core.rules)
with(core.rules_double core_net.c core_unit.c)

check(core.graph core)
with(core.graph alloc_watch.c)

# No MPI here that leaks by itself: a leak is ours.
foreach(name arena extract extract_double method select gradient_double tape tape_double rules rules_double graph)
  set_tests_properties(core.${name} PROPERTIES ENVIRONMENT "${test_env};ASAN_OPTIONS=detect_leaks=1")
endforeach()
