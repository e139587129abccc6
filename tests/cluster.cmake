# Shards and their merge, the digest, tasks without ranks, logs.
script(cli.shards asan)
script(cli.logs)
