script(docs.analysis)
script(docs.methods)
