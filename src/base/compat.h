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

/* What the other files of this kind, base/compat_*.h, look at */
#define TEMPORAL_MAJOR	(PG_VERSION_NUM / 10000)

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

/* The types that belong to a table of an extension are its members as well */
#if PG_VERSION_NUM >= 170000
#define TEMPORAL_HAS_TYPE_MEMBERS 1
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

/* The same of databases */
#if PG_VERSION_NUM >= 160000
#define temporal_database_ownercheck(database, role) \
	object_ownercheck(DatabaseRelationId, database, role)
#else
#define temporal_database_ownercheck(database, role) \
	pg_database_ownercheck(database, role)
#endif

/*
 * A function that does not return: marked in front since 18, behind before.
 */
#ifndef pg_noreturn
#define pg_noreturn pg_attribute_noreturn()
#endif

/* VARSIZE() and the like have a header of their own since 16 */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

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

/* This process's place among all of the server's; the server's JSON parser */
#if PG_VERSION_NUM >= 170000
#define temporal_my_proc_number() MyProcNumber
#define temporal_json_lexer(text, length) \
	makeJsonLexContextCstringLen(NULL, text, length, GetDatabaseEncoding(), true)
#else
#define temporal_my_proc_number() (MyProc->pgprocno)
#define temporal_json_lexer(text, length) \
	makeJsonLexContextCstringLen(text, length, GetDatabaseEncoding(), true)
#endif

#endif							/* TEMPORAL_COMPAT_H */
