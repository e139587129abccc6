# What the ranks of a node have in common.
check(pipeline.shared pipeline 1 2 3)
script(cli.shared)
