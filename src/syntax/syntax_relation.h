/*-------------------------------------------------------------------------
 *
 * syntax_relation.h
 *	  What a name in FROM means, as far as a parser can know
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_SYNTAX_RELATION_H
#define TEMPORAL_SYNTAX_RELATION_H

#include "nodes/primnodes.h"

/*
 * The relation that parse analysis would find for a name now, InvalidOid if
 * there is none or if nothing can be looked up at this moment.  Takes no lock
 * and raises no error.
 */
extern Oid	syntax_relation_oid(const RangeVar *name);

/*
 * Its kind, as in pg_class.relkind; '\0' for InvalidOid.
 */
extern char syntax_relation_kind(Oid relid);

/*
 * Names of its columns, as C strings.
 */
extern List *syntax_relation_columns(Oid relid);

/*
 * The relation's row type, spelled as in the text if this means it and with
 * its schema if it does not: a table "path" is found behind the type "path".
 */
extern TypeName *syntax_relation_row_type(Oid relid, const RangeVar *name);

#endif							/* TEMPORAL_SYNTAX_RELATION_H */
