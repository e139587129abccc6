# Colour maps, upsampling, and the jobs that look at a study's file.
check(core.colormap core)
check(core.upsample core)
script(cli.views)
