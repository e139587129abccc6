# The ONNX reader.  Its toys are made with the generated schema, and leaks are errors here.
foreach(name io.onnx io.onnx_fold io.onnx_tensors io.onnx_external io.onnx_hostile io.onnx_bytes)
  string(REPLACE . _ file ${name})
  check(${name} io)
  target_sources(test_${file} PRIVATE onnx_toy.c onnx_toy_file.c)
  target_link_libraries(test_${file} PRIVATE onnx_schema)
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "${test_env};ASAN_OPTIONS=detect_leaks=1")
endforeach()
script(io.onnx_models)
