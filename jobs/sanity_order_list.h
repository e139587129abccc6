/* Orders of parameter randomisation: name, and whether stages above the one at hand are randomised, too; one
 * per line, expanded several times, so no include guard. */
SANITY_ORDER("cascade", true)
SANITY_ORDER("independent", false)
