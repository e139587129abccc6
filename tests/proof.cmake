# End-to-end proofs on the program itself; LONG=1 in the environment makes some of them longer.
script(proof.reference)
script(proof.autograd)
script(proof.formulas)
script(proof.ranks)
script(proof.kill)
script(proof.badinput asan)
script(proof.memory)
script(proof.imagenet)
