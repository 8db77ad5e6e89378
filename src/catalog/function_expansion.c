/*-------------------------------------------------------------------------
 *
 * function_expansion.c
 *	  Functions in FROM that the planner hook replaces by a query
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/function_expansion.h"

static FunctionExpander expanders[FUNCTION_Count];

void
function_expansion_register(ExtensionFunction function,
							FunctionExpander expand)
{
	expanders[function] = expand;
}

FunctionExpander
function_expansion_find(Oid function)
{
	for (int i = 0; i < FUNCTION_Count; i++)
	{
		if (expanders[i] != NULL &&
			extension_function((ExtensionFunction) i) == function)
			return expanders[i];
	}
	return NULL;
}
