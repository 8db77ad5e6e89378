/*-------------------------------------------------------------------------
 *
 * review_apply.c
 *	  Rows become what they were
 *
 * Restoring is ordinary DML by the caller: privileges, row-level security,
 * constraints, triggers and versioning apply, as if it had been typed.
 *
 * ONE STATEMENT does it all, for all tables: data-modifying CTEs.
 *
 *		WITH d AS (DELETE ...), u AS (UPDATE ...), i AS (INSERT ...)
 *
 * Foreign keys are checked, and their actions taken, at the end of a
 * statement, where everything is in its place again: no order of tables has
 * to be found, and keys that lead from a table to itself or in a circle are
 * nothing special.  What is checked row by row are unique indexes, so that
 * within a table each CTE waits for the one before it, by reading its count:
 * first rows go, then they change, then they come.
 *
 * UNIQUE VALUES THAT CHANGE HANDS
 *		A row may get a value back that another row, which changes as well,
 *		still has.  The rows are sorted into levels (review_order.c), each a
 *		CTE that waits for the one before.  Where values go round in a circle
 *		no order helps, only a constraint that is DEFERRABLE.
 *
 * THE LOCK		is SHARE ROW EXCLUSIVE on tables and partitions: no one else
 *				writes between the comparison and the change.  (The snapshot
 *				of a REPEATABLE READ transaction may be older than the lock.
 *				Rows that changed meanwhile are then 40001, as in any UPDATE.)
 *
 * A row that is not there any more, or that a trigger or a policy keeps as it
 * is, is noticed by its count: all or nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/stratnum.h"
#include "catalog/pg_am.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/queryenvironment.h"
#include "utils/rel.h"

#include "review/review_rows.h"

/* More levels than these are a statement too long to be planned */
#define APPLY_MAX_LEVELS 1000

/*
 * May the user write the table at all?  What exactly, the statement asks.
 */
static void
apply_check_rights(const ReviewTable *table)
{
	Oid			user = GetUserId();

	if (pg_class_aclcheck(table->relid, user, ACL_INSERT | ACL_UPDATE |
						  ACL_DELETE /* any of them */ ) != ACLCHECK_OK &&
		pg_attribute_aclcheck_all(table->relid, user, ACL_UPDATE,
								  ACLMASK_ANY) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV,
					   get_relkind_objtype(get_rel_relkind(table->relid)),
					   get_rel_name(table->relid));
}

static int
apply_compare_tables(const ListCell *a, const ListCell *b)
{
	Oid			x = ((const ReviewTable *) lfirst(a))->relid;
	Oid			y = ((const ReviewTable *) lfirst(b))->relid;

	return x < y ? -1 : x > y;
}

void
review_apply_lock(List *tables)
{
	ListCell   *lc;

	foreach(lc, tables)
		apply_check_rights(lfirst(lc));
	list_sort(tables, apply_compare_tables);
	foreach(lc, tables)
	{
		const ReviewTable *table = lfirst(lc);

		LockRelationOid(table->relid, ShareRowExclusiveLock);
		(void) find_all_inheritors(table->relid, ShareRowExclusiveLock, NULL);
	}
}

/*
 * Adds to text the pairs of rows of which one waits for the other because of
 * an index; does nothing if the index cannot be in the way.
 */
static void
apply_index_edges(StringInfo text, const ReviewRows *rows, Relation index)
{
	Form_pg_index form = index->rd_index;
	int			nkeys = IndexRelationGetNumberOfKeyAttributes(index);
	bool		touched = false;

	if (!form->indisunique || !form->indimmediate ||
		index->rd_rel->relam != BTREE_AM_OID)
		return;
	for (int i = 0; i < nkeys; i++)
	{
		AttrNumber	attno = form->indkey.values[i];

		if (attno <= 0)
			return;				/* an expression */
		touched |= bms_is_member(attno, rows->changed);
	}
	if (!touched)
		return;

	if (text->len > 0)
		appendStringInfoString(text, " UNION ALL ");
	appendStringInfo(text,
					 "SELECT a.place, b.place FROM %s AS a JOIN %s AS b ON"
					 " a.operation " EQ " 'U' AND b.operation " EQ " 'U'"
					 " AND a.place OPERATOR(pg_catalog.<>) b.place",
					 rows->name, rows->name);
	for (int i = 0; i < nkeys; i++)
	{
		AttrNumber	attno = form->indkey.values[i];
		Oid			type = get_atttype(rows->table->relid, attno);

		appendStringInfo(text, " AND a.n%d %s b.o%d", attno,
						 review_table_equality(index, i, type), attno);
	}
}

/*
 * The relation of levels
 */
static void
apply_register_levels(ReviewRows *rows, const ReviewLevel *levels,
					  int nlevels)
{
	EphemeralNamedRelation enr = palloc0(sizeof(EphemeralNamedRelationData));
	TupleDesc	desc = CreateTemplateTupleDesc(2);
	Tuplestorestate *store = tuplestore_begin_heap(false, false, work_mem);
	bool		nulls[2] = {false, false};

	TupleDescInitEntry(desc, 1, "place", INT8OID, -1, 0);
	TupleDescInitEntry(desc, 2, "level", INT4OID, -1, 0);
	for (int i = 0; i < nlevels; i++)
	{
		Datum		values[2] = {
			Int64GetDatum(levels[i].place),
			Int32GetDatum(levels[i].level)
		};

		if (levels[i].level > 0)
			tuplestore_putvalues(store, desc, values, nulls);
	}
	rows->levels = store;
	enr->md.name = psprintf("%s_levels", rows->name);
	enr->md.reliddesc = InvalidOid;
	enr->md.tupdesc = desc;
	enr->md.enrtype = ENR_NAMED_TUPLESTORE;
	enr->md.enrtuples = nlevels;
	enr->reldata = store;
	if (SPI_register_relation(enr) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register relation \"%s\"", enr->md.name);
}

/*
 * Finds the order in which rows must be updated: registers a relation
 * <name>_levels (place, level), without those of level 0, and returns the
 * greatest level.
 */
static int
apply_levels(ReviewRows *rows)
{
	Relation	rel = relation_open(rows->table->relid, NoLock);
	List	   *indexes = RelationGetIndexList(rel);
	StringInfoData text;
	ReviewEdge *edges;
	ReviewLevel *levels;
	int			nedges;
	int			nlevels;
	int			greatest = 0;
	bool		isnull;
	ListCell   *lc;

	initStringInfo(&text);
	foreach(lc, indexes)
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		apply_index_edges(&text, rows, index);
		index_close(index, NoLock);
	}
	relation_close(rel, NoLock);
	if (text.len == 0)
		return 0;

	if (SPI_execute(text.data, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "query of temporal failed: %s", text.data);
	nedges = (int) SPI_processed;
	if (nedges == 0)
		return 0;
	edges = palloc_extended(nedges * sizeof(ReviewEdge), MCXT_ALLOC_HUGE);
	for (int i = 0; i < nedges; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;

		edges[i].then = DatumGetInt64(SPI_getbinval(tuple, desc, 1, &isnull));
		edges[i].first = DatumGetInt64(SPI_getbinval(tuple, desc, 2, &isnull));
	}
	SPI_freetuptable(SPI_tuptable);

	nlevels = review_order(edges, nedges, &levels);
	for (int i = 0; i < nlevels; i++)
		greatest = Max(greatest, levels[i].level);
	if (nlevels < 0 || greatest > APPLY_MAX_LEVELS)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot restore table \"%s\": rows exchange unique values",
						get_rel_name(rows->table->relid)),
				 nlevels < 0 ?
				 errdetail("Each of some rows gets back a value that another of them has now.") :
				 errdetail("More than %d rows would have to be updated one after the other.",
						   APPLY_MAX_LEVELS),
				 errhint("A unique constraint that is DEFERRABLE allows it.")));
	apply_register_levels(rows, levels, nlevels);
	return greatest;
}

/*
 * WITH ... of one table.  Each CTE is named by what it does and a number, and
 * reads the count of the one before it in its table.
 */
typedef struct ApplyText
{
	StringInfoData with;
	StringInfoData counts;		/* what the statement returns */
	int			nctes;
	bool		waits;			/* for the CTE before */
	int64		expected;		/* rows of all */
} ApplyText;

static void
apply_begin_cte(ApplyText *text)
{
	appendStringInfo(&text->with, "%s c%d AS (",
					 text->nctes == 0 ? "WITH" : ",", text->nctes);
	appendStringInfo(&text->counts, "%s(SELECT pg_catalog.count(*) FROM c%d)",
					 text->nctes == 0 ? "" : " OPERATOR(pg_catalog.+) ",
					 text->nctes);
}

/*
 * , (SELECT count(*) FROM the CTE before) AS before
 */
static void
apply_wait(ApplyText *text)
{
	if (text->waits)
		appendStringInfo(&text->with,
						 ", (SELECT pg_catalog.count(*) FROM c%d) AS before",
						 text->nctes - 1);
}

static void
apply_end_cte(ApplyText *text)
{
	appendStringInfoString(&text->with, " RETURNING 1)");
	text->nctes++;
	text->waits = true;
}

/*
 * WHERE it is the row as it was found
 */
static void
apply_same_row(ApplyText *text, const ReviewTable *table, char operation)
{
	appendStringInfo(&text->with, " WHERE c.operation " EQ " '%c' AND a.%s " EQ " c.start",
					 operation, table->start);
	for (int i = 0; i < table->nkeys; i++)
		appendStringInfo(&text->with, " AND a.%s %s c.o%d",
						 table->keys[i]->name, table->keys[i]->equals,
						 table->keys[i]->attno);
}

static void
apply_delete(ApplyText *text, const ReviewRows *rows)
{
	apply_begin_cte(text);
	appendStringInfo(&text->with, "DELETE FROM %s AS a USING %s AS c",
					 rows->table->name, rows->name);
	apply_same_row(text, rows->table, 'D');
	apply_end_cte(text);
}

static void
apply_update(ApplyText *text, const ReviewRows *rows, int level, int greatest)
{
	const ReviewTable *table = rows->table;
	const char *sep = " SET";

	apply_begin_cte(text);
	appendStringInfo(&text->with, "UPDATE %s AS a", table->name);
	for (int i = 0; i < table->ncolumns; i++)
	{
		const ReviewColumn *column = &table->columns[i];

		if (!bms_is_member(column->attno, rows->changed))
			continue;
		appendStringInfo(&text->with, "%s %s = c.n%d", sep, column->name,
						 column->attno);
		sep = ",";
	}
	appendStringInfo(&text->with, " FROM %s AS c", rows->name);
	if (level > 0)
		appendStringInfo(&text->with, " JOIN %s_levels AS l ON l.place " EQ
						 " c.place AND l.level " EQ " %d", rows->name, level);
	apply_wait(text);
	apply_same_row(text, table, 'U');
	if (level == 0 && greatest > 0)
		appendStringInfo(&text->with, " AND NOT EXISTS (SELECT FROM %s_levels AS l"
						 " WHERE l.place " EQ " c.place)", rows->name);
	apply_end_cte(text);
}

static void
apply_insert(ApplyText *text, const ReviewRows *rows)
{
	const ReviewTable *table = rows->table;
	StringInfoData values;
	bool		always = false;
	const char *sep = "";

	apply_begin_cte(text);
	appendStringInfo(&text->with, "INSERT INTO %s", table->name);
	initStringInfo(&values);
	for (int i = 0; i < table->ncolumns; i++)
	{
		const ReviewColumn *column = &table->columns[i];

		if (column->generated)
			continue;
		always |= column->always;
		appendStringInfo(&text->with, "%s%s", *sep ? ", " : " (", column->name);
		appendStringInfo(&values, "%s c.n%d", sep, column->attno);
		sep = ",";
	}
	if (*sep)
		appendStringInfoChar(&text->with, ')');
	if (always)
		appendStringInfoString(&text->with, " OVERRIDING SYSTEM VALUE");
	appendStringInfo(&text->with, " SELECT%s FROM %s AS c", values.data,
					 rows->name);
	apply_wait(text);
	appendStringInfoString(&text->with, " WHERE c.operation " EQ " 'I'");
	apply_end_cte(text);
}

static void
apply_table(ApplyText *text, ReviewRows *rows)
{
	text->waits = false;
	if (rows->ndeleted > 0)
		apply_delete(text, rows);
	if (rows->nupdated > 0)
	{
		int			greatest = apply_levels(rows);

		for (int level = 0; level <= greatest; level++)
			apply_update(text, rows, level, greatest);
	}
	if (rows->ninserted > 0)
		apply_insert(text, rows);
	text->expected += rows->nrows;
}

void
review_apply(List *rows)
{
	ApplyText	text = {0};
	ListCell   *lc;
	bool		isnull;
	int64		done;

	initStringInfo(&text.with);
	initStringInfo(&text.counts);
	foreach(lc, rows)
		apply_table(&text, lfirst(lc));
	if (text.nctes == 0)
		return;

	appendStringInfo(&text.with, " SELECT %s", text.counts.data);
	if (SPI_execute(text.with.data, false, 0) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "query of temporal failed: %s", text.with.data);
	done = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
									   SPI_tuptable->tupdesc, 1, &isnull));
	SPI_freetuptable(SPI_tuptable);
	if (done != text.expected)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%lld of %lld rows could not be restored",
						(long long) (text.expected - done),
						(long long) text.expected),
				 errdetail("A trigger or a row-level security policy kept them as they are.")));
}
