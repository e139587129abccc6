script(docs.analysis)
