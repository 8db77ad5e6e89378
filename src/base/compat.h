/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  What differs between PostgreSQL 15, 16, 17 and 18
 *
 * The code is written for the newest server; this file bends the older ones.
 * It is the only file that looks at PG_VERSION_NUM (test/lint checks it).
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_COMPAT_H
#define TEMPORAL_COMPAT_H

#if PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 190000
#error "temporal supports PostgreSQL 15, 16, 17 and 18"
#endif

/*
 * SQL-callable functions are exported although everything else is hidden.
 * PostgreSQL 16 declares them so itself.
 */
#if PG_VERSION_NUM < 160000
#include "fmgr.h"
#undef PG_FUNCTION_INFO_V1
#define PG_FUNCTION_INFO_V1(funcname) \
extern PGDLLEXPORT Datum funcname(PG_FUNCTION_ARGS); \
extern PGDLLEXPORT const Pg_finfo_record *CppConcat(pg_finfo_,funcname)(void); \
const Pg_finfo_record * \
CppConcat(pg_finfo_,funcname) (void) \
{ \
	static const Pg_finfo_record my_finfo = { 1 }; \
	return &my_finfo; \
} \
extern int no_such_variable
#endif

/*
 * Table privileges: a list of RTEPermissionInfo beside the range table since
 * 16, fields of the range table entry itself before.
 */
#if PG_VERSION_NUM >= 160000
#define TEMPORAL_HAS_PERMINFO 1
#endif

/* JSON_TABLE in FROM; ALTER TABLE ... ALTER COLUMN ... SET EXPRESSION */
#if PG_VERSION_NUM >= 170000
#define TEMPORAL_HAS_JSON_TABLE 1
#define TEMPORAL_HAS_SET_EXPRESSION 1
#endif

/* NOT NULL is a constraint with a name, which DROP CONSTRAINT knows */
#if PG_VERSION_NUM >= 180000
#define TEMPORAL_HAS_NOT_NULL_CONSTRAINTS 1
#endif

/* Generated columns that are computed when they are read */
#if PG_VERSION_NUM >= 180000
#define TEMPORAL_HAS_VIRTUAL_COLUMNS 1
#endif

/*
 * Ownership of, and rights on, objects of any class.  Asked for here are
 * ownership of relations, and rights on schemas and functions.
 */
#if PG_VERSION_NUM < 160000
#define object_ownercheck(classid, objectid, roleid) \
	pg_class_ownercheck(objectid, roleid)
#define object_aclcheck(classid, objectid, roleid, mode) \
	((classid) == NamespaceRelationId ? \
	 pg_namespace_aclcheck(objectid, roleid, mode) : \
	 pg_proc_aclcheck(objectid, roleid, mode))
#endif

/*
 * CREATE INDEX on a relation of ours, without checks of the user's rights.
 */
#if PG_VERSION_NUM >= 160000
#define temporal_define_index(relid, stmt) \
	DefineIndex(relid, stmt, InvalidOid, InvalidOid, InvalidOid, -1, \
				false, false, false, false, true)
#else
#define temporal_define_index(relid, stmt) \
	DefineIndex(relid, stmt, InvalidOid, InvalidOid, InvalidOid, \
				false, false, false, false, true)
#endif

/* A qual without columns, evaluated once a scan */
#if PG_VERSION_NUM >= 160000
#define temporal_make_pseudoconstant(root, clause) \
	make_restrictinfo(root, clause, true, false, false, true, 0, \
					  NULL, NULL, NULL)
#else
#define temporal_make_pseudoconstant(root, clause) \
	make_restrictinfo(root, clause, true, false, true, 0, \
					  NULL, NULL, NULL)
#endif

/*
 * A function that does not return: marked in front since 18, behind before.
 */
#ifndef pg_noreturn
#define pg_noreturn pg_attribute_noreturn()
#endif

/*
 * Since 17: what an index access method kept between insertions goes;
 * BRIN's map of summaries, and the summary of a range, locked, or NULL;
 * this process's place among all of the server's; the server's JSON parser.
 */
#if PG_VERSION_NUM >= 170000
#define temporal_index_insert_cleanup(rel, info) \
	index_insert_cleanup(rel, info)
#define temporal_brin_revmap(index, pages) brinRevmapInitialize(index, pages)
#define temporal_brin_summary(revmap, block, buffer, offset) \
	brinGetTupleForHeapBlock(revmap, block, buffer, offset, NULL, \
							 BUFFER_LOCK_SHARE)
#define temporal_my_proc_number() MyProcNumber
#define temporal_json_lexer(text, length) \
	makeJsonLexContextCstringLen(NULL, text, length, GetDatabaseEncoding(), true)
#else
#define temporal_index_insert_cleanup(rel, info) ((void) 0)
#define temporal_brin_revmap(index, pages) \
	brinRevmapInitialize(index, pages, NULL)
#define temporal_brin_summary(revmap, block, buffer, offset) \
	brinGetTupleForHeapBlock(revmap, block, buffer, offset, NULL, \
							 BUFFER_LOCK_SHARE, NULL)
#define temporal_my_proc_number() (MyProc->pgprocno)
#define temporal_json_lexer(text, length) \
	makeJsonLexContextCstringLen(text, length, GetDatabaseEncoding(), true)
#endif

/* An index scan without instrumentation */
#if PG_VERSION_NUM >= 180000
#define temporal_index_beginscan(heap, index, snapshot, nkeys, norderbys) \
	index_beginscan(heap, index, snapshot, NULL, nkeys, norderbys)
#else
#define temporal_index_beginscan(heap, index, snapshot, nkeys, norderbys) \
	index_beginscan(heap, index, snapshot, nkeys, norderbys)
#endif

/* The columns that SELECT on a relation needs rights on: a Bitmapset ** */
#ifdef TEMPORAL_HAS_PERMINFO
#define temporal_selected_columns(query, rte) \
	(&getRTEPermissionInfo((query)->rteperminfos, rte)->selectedCols)
#else
#define temporal_selected_columns(query, rte) (&(rte)->selectedCols)
#endif

/*
 * The view that a sub-query in FROM is, else InvalidOid; and the entry, of the
 * query or of the sub-query, that carries the rights on it.  Before 16 that is
 * the first one of the sub-query.
 */
#ifdef TEMPORAL_HAS_PERMINFO
#define temporal_view_entry(rte) (rte)
#else
#define temporal_view_entry(rte) \
	((RangeTblEntry *) ((rte)->subquery->rtable ? \
						linitial((rte)->subquery->rtable) : (rte)))
#endif
#define temporal_expanded_view(rte) \
	(temporal_view_entry(rte)->relkind == RELKIND_VIEW ? \
	 temporal_view_entry(rte)->relid : InvalidOid)

/* Memory that a check hook leaves to the settings' own keeping */
#if PG_VERSION_NUM >= 160000
#define temporal_guc_malloc(size) guc_malloc(LOG, size)
#define temporal_guc_strdup(text) guc_strdup(LOG, text)
#define temporal_guc_free(pointer) guc_free(pointer)
#else
#define temporal_guc_malloc(size) malloc(size)
#define temporal_guc_strdup(text) strdup(text)
#define temporal_guc_free(pointer) free(pointer)
#endif

/* DecodeDateTime() says more about an error since 16; nobody asks here */
#if PG_VERSION_NUM >= 160000
#define temporal_decode_datetime(field, ftype, nf, dtype, tm, fsec, tz) \
	DecodeDateTime(field, ftype, nf, dtype, tm, fsec, tz, \
				   &(DateTimeErrorExtra) {0})
#else
#define temporal_decode_datetime(field, ftype, nf, dtype, tm, fsec, tz) \
	DecodeDateTime(field, ftype, nf, dtype, tm, fsec, tz)
#endif

/* The right to call a function */
#if PG_VERSION_NUM < 160000
#define temporal_function_aclcheck(function, role) \
	pg_proc_aclcheck(function, role, ACL_EXECUTE)
#else
#define temporal_function_aclcheck(function, role) \
	object_aclcheck(ProcedureRelationId, function, role, ACL_EXECUTE)
#endif

/* EXPLAIN without the hook is a function; then it has headers of its own */
#if PG_VERSION_NUM >= 170000
#define TEMPORAL_HAS_STANDARD_EXPLAIN 1
#endif
#if PG_VERSION_NUM >= 180000
#define TEMPORAL_HAS_EXPLAIN_HEADERS 1
#endif

#endif							/* TEMPORAL_COMPAT_H */
