# Shards and their merge, the digest, tasks without ranks.
script(cli.shards asan)
