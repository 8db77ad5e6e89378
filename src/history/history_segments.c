/*-------------------------------------------------------------------------
 *
 * history_segments.c
 *	  The relation that holds a history's segments
 *
 * An ordinary table in the extension's schema, one row a segment:
 *
 *		run			which segments were built together
 *		starts		the earliest start of its versions
 *		ends		the latest end
 *		period		[starts, ends], for the GiST index
 *		versions	how many
 *		data		them: history_segment.c
 *		key_low		the least and the greatest value of the first column of the
 *		key_high	primary key, if there is one; null if all are null, which is
 *					so where a column became the key later
 *
 * A segment is made so large that it fills a page, in which it stands as it is:
 * reading it costs no more than reading that page, and no copy.  Those that
 * turn out larger are stored out of line, uncompressed.
 *
 * The table has a GiST index on period and, if there is a key, a btree on (run,
 * key_high).  Within a run segments are in the order of the key and do not
 * overlap, so those with a key are found by going from the first whose
 * key_high is not below it as long as key_low is not above it.
 *
 * WHO MAY TOUCH IT
 *		Nobody.  It belongs to the owner of the extension, no rights are given,
 *		row-level security without a policy keeps out those who may read all
 *		tables, and it is read and written from here alone, whatever the
 *		current user may do with it: he was asked for his rights on the history.
 *		Statements that write it are refused by the trigger that histories have.
 *
 * DUMPS AND DROPS
 *		It is a member of the extension, so that pg_dump passes it over: a dump
 *		has the versions as rows of the history.  DROP TABLE of a member is
 *		refused by PostgreSQL, and the loss of it by DROP EXTENSION is by us
 *		(ddl_drop.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "catalog/toasting.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "commands/tablecmds.h"
#include "commands/tablespace.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_utilcmd.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rangetypes.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "base/compat_access.h"
#include "catalog/extension_objects.h"
#include "history/history_segments.h"
#include "temporal.h"

/* At most so many objects of a segments' relation belong to the extension */
#define SEGMENTS_MEMBERS		3

/*
 * A look-up wants one entry of the btree, but a scan from there on reads all to
 * the end of the page: so there are few on it.
 */
#define SEGMENTS_KEY_FILL	15

/* The largest tuple that PostgreSQL lets stay in its page, from 10 to 18 */
#define SEGMENTS_TUPLE		8160

static bool segments_being_dropped = false;

static ColumnDef *
segments_column(const char *name, Oid type, int32 typmod, Oid collation)
{
	ColumnDef  *column = makeColumnDef(name, type, typmod, collation);

	column->is_not_null = true;
	return column;
}

static List *
segments_columns(Relation history, AttrNumber key_attno)
{
	List	   *columns = NIL;
	ColumnDef  *data = segments_column("data", BYTEAOID, -1, InvalidOid);

	data->storage = TYPSTORAGE_EXTERNAL;
	columns = lappend(columns, segments_column("run", INT4OID, -1, InvalidOid));
	columns = lappend(columns, segments_column("starts", TIMESTAMPTZOID, -1,
											   InvalidOid));
	columns = lappend(columns, segments_column("ends", TIMESTAMPTZOID, -1,
											   InvalidOid));
	columns = lappend(columns, segments_column("period", TSTZRANGEOID, -1,
											   InvalidOid));
	columns = lappend(columns, segments_column("versions", INT4OID, -1,
											   InvalidOid));
	columns = lappend(columns, data);
	if (key_attno != 0)
	{
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(history),
											  key_attno - 1);

		ColumnDef  *low = segments_column("key_low", att->atttypid,
										  att->atttypmod, att->attcollation);
		ColumnDef  *high = copyObject(low);

		high->colname = pstrdup("key_high");
		low->is_not_null = high->is_not_null = false;
		columns = lappend(lappend(columns, low), high);
	}
	return columns;
}

static IndexElem *
segments_index_column(const char *name)
{
	IndexElem  *element = makeNode(IndexElem);

	element->name = pstrdup(name);
	return element;
}

static void
segments_create_index(Oid segments, const char *method, List *elements,
					  int fillfactor)
{
	IndexStmt  *stmt = makeNode(IndexStmt);

	stmt->relation = makeRangeVar(get_namespace_name(get_rel_namespace(segments)),
								  get_rel_name(segments), -1);
	stmt->accessMethod = pstrdup(method);
	stmt->indexParams = elements;
	stmt->options = list_make1(makeDefElem("fillfactor",
										   (Node *) makeInteger(fillfactor),
										   -1));
	stmt = transformIndexStmt(segments, stmt, "");
	(void) temporal_define_index(segments, stmt);
	CommandCounterIncrement();
}

/*
 * Statements that write it are refused, as those are that write the history.
 */
static void
segments_protect(Oid segments)
{
	CreateTrigStmt *stmt = makeNode(CreateTrigStmt);

	stmt->trigname = pstrdup("temporal_protect_history");
	stmt->relation = makeRangeVar(get_namespace_name(get_rel_namespace(segments)),
								  get_rel_name(segments), -1);
	stmt->timing = TRIGGER_TYPE_BEFORE;
	stmt->events = TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE |
		TRIGGER_TYPE_DELETE | TRIGGER_TYPE_TRUNCATE;
	(void) CreateTriggerFiringOn(stmt, NULL, segments, InvalidOid, InvalidOid,
								 InvalidOid,
								 extension_function(FUNCTION_PROTECT_HISTORY),
								 InvalidOid, NULL, false, false,
								 TRIGGER_FIRES_ALWAYS);
	CommandCounterIncrement();
}

/*
 * What of a segments' relation belongs to the extension: itself, and as of 17
 * its row type and that one's arrays.
 */
static int
segments_members(Oid segments, ObjectAddress *members)
{
	int			nmembers = 0;
#ifdef TEMPORAL_HAS_TYPE_MEMBERS
	Oid			row = get_rel_type_id(segments);
	Oid			rows = get_array_type(row);

	ObjectAddressSet(members[nmembers], TypeRelationId, row);
	nmembers++;
	ObjectAddressSet(members[nmembers], TypeRelationId, rows);
	nmembers++;
#endif
	ObjectAddressSet(members[nmembers], RelationRelationId, segments);
	return nmembers + 1;
}

static void
segments_depend_on_extension(Oid segments)
{
	ObjectAddress members[SEGMENTS_MEMBERS];
	int			nmembers = segments_members(segments, members);
	ObjectAddress extension;

	ObjectAddressSet(extension, ExtensionRelationId,
					 get_extension_oid(TEMPORAL_EXTENSION, false));
	for (int i = 0; i < nmembers; i++)
		recordDependencyOn(&members[i], &extension, DEPENDENCY_EXTENSION);
}

Oid
history_segments_create(Relation history, AttrNumber key_attno)
{
	Relation	catalog = table_open(extension_catalog(), AccessShareLock);
	Oid			owner = catalog->rd_rel->relowner;
	Oid			schema = RelationGetNamespace(catalog);
	CreateStmt *stmt = makeNode(CreateStmt);
	AlterTableCmd *row_security = makeNode(AlterTableCmd);
	char	   *name = psprintf("segment_%u", RelationGetRelid(history));
	int			sec_context;
	Oid			save_user;
	int			save_nestlevel;
	Oid			segments;

	table_close(catalog, AccessShareLock);
	stmt->relation = makeRangeVar(get_namespace_name(schema), name, -1);
	stmt->relation->relpersistence = history->rd_rel->relpersistence;
	stmt->tableElts = segments_columns(history, key_attno);
	stmt->accessMethod = pstrdup("heap");
	stmt->options = list_make1(makeDefElem("toast_tuple_target",
										   (Node *) makeInteger(SEGMENTS_TUPLE),
										   -1));
	stmt->oncommit = ONCOMMIT_NOOP;
	if (OidIsValid(history->rd_rel->reltablespace))
		stmt->tablespacename =
			get_tablespace_name(history->rd_rel->reltablespace);

	GetUserIdAndSecContext(&save_user, &sec_context);
	SetUserIdAndSecContext(owner,
						   sec_context | SECURITY_LOCAL_USERID_CHANGE);
	save_nestlevel = NewGUCNestLevel();
	segments = DefineRelation(stmt, RELKIND_RELATION, owner, NULL,
							  NULL).objectId;
	CommandCounterIncrement();
	NewRelationCreateToastTable(segments, (Datum) 0);
	segments_create_index(segments, "gist",
						  list_make1(segments_index_column("period")), 90);
	if (key_attno != 0)
		segments_create_index(segments, "btree",
							  list_make2(segments_index_column("run"),
										 segments_index_column("key_high")),
							  SEGMENTS_KEY_FILL);
	segments_protect(segments);
	segments_depend_on_extension(segments);
	row_security->subtype = AT_EnableRowSecurity;
	AlterTableInternal(segments, list_make1(row_security), false);
	AtEOXact_GUC(false, save_nestlevel);
	SetUserIdAndSecContext(save_user, sec_context);
	CommandCounterIncrement();
	return segments;
}

bool
history_segments_being_dropped(void)
{
	return segments_being_dropped;
}

void
history_segments_drop(Oid segments)
{
	ObjectAddress members[SEGMENTS_MEMBERS];
	int			nmembers = segments_members(segments, members);
	ObjectAddress address;

	for (int i = 0; i < nmembers; i++)
		deleteDependencyRecordsForClass(members[i].classId,
										members[i].objectId,
										ExtensionRelationId,
										DEPENDENCY_EXTENSION);
	CommandCounterIncrement();
	ObjectAddressSet(address, RelationRelationId, segments);
	segments_being_dropped = true;
	PG_TRY();
	{
		performDeletion(&address, DROP_RESTRICT, PERFORM_DELETION_INTERNAL);
	}
	PG_FINALLY();
	{
		segments_being_dropped = false;
	}
	PG_END_TRY();
}

void
history_segments_indexes(Relation segments, SegmentIndexes *indexes)
{
	ListCell   *lc;

	memset(indexes, 0, sizeof(*indexes));
	foreach(lc, RelationGetIndexList(segments))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		if (!index->rd_index->indisvalid)
			 /* REINDEX CONCURRENTLY leaves such when it fails */ ;
		else if (index->rd_rel->relam == GIST_AM_OID)
			indexes->by_period = RelationGetRelid(index);
		else if (index->rd_rel->relam == BTREE_AM_OID)
		{
			indexes->by_key = RelationGetRelid(index);
			indexes->key_type = index->rd_opcintype[1];
			indexes->key_opfamily = index->rd_opfamily[1];
			indexes->key_collation = index->rd_indcollation[1];
		}
		index_close(index, NoLock);
	}
}

Datum
history_segments_period(TimestampTz starts, TimestampTz ends)
{
	TypeCacheEntry *type = lookup_type_cache(TSTZRANGEOID,
											 TYPECACHE_RANGE_INFO);
	RangeBound	lower = {
		.val = TimestampTzGetDatum(starts),
		.inclusive = true,
		.lower = true,
	};
	RangeBound	upper = {
		.val = TimestampTzGetDatum(ends),
		.inclusive = true,
	};

	return RangeTypePGetDatum(temporal_make_range(type, &lower, &upper));
}

void
history_segments_insert(Relation segments, const SegmentRow *row)
{
	Datum		values[Natts_segments];
	bool		nulls[Natts_segments] = {0};
	HeapTuple	tuple;

	values[Anum_segments_run - 1] = Int32GetDatum(row->run);
	values[Anum_segments_starts - 1] = TimestampTzGetDatum(row->starts);
	values[Anum_segments_ends - 1] = TimestampTzGetDatum(row->ends);
	values[Anum_segments_period - 1] =
		history_segments_period(row->starts, row->ends);
	values[Anum_segments_versions - 1] = Int32GetDatum(row->versions);
	values[Anum_segments_data - 1] = row->data;
	values[Anum_segments_key_low - 1] = row->key_low;
	values[Anum_segments_key_high - 1] = row->key_high;
	nulls[Anum_segments_key_low - 1] = row->no_key;
	nulls[Anum_segments_key_high - 1] = row->no_key;
	tuple = heap_form_tuple(RelationGetDescr(segments), values, nulls);
	CatalogTupleInsert(segments, tuple);
	heap_freetuple(tuple);
}

void
history_segments_read(TupleTableSlot *slot, SegmentRow *row)
{
	slot_getallattrs(slot);
	row->run = DatumGetInt32(slot->tts_values[Anum_segments_run - 1]);
	row->starts =
		DatumGetTimestampTz(slot->tts_values[Anum_segments_starts - 1]);
	row->ends = DatumGetTimestampTz(slot->tts_values[Anum_segments_ends - 1]);
	row->versions = DatumGetInt32(slot->tts_values[Anum_segments_versions - 1]);
	row->data = slot->tts_values[Anum_segments_data - 1];
	row->no_key = slot->tts_tupleDescriptor->natts < Natts_segments ||
		slot->tts_isnull[Anum_segments_key_low - 1];
	if (!row->no_key)
	{
		row->key_low = slot->tts_values[Anum_segments_key_low - 1];
		row->key_high = slot->tts_values[Anum_segments_key_high - 1];
	}
	else
		row->key_low = row->key_high = (Datum) 0;
}
