script(docs.analysis)
script(docs.format)
script(docs.methods)
script(docs.evaluate)
