/*
 * What cppcheck must know of PostgreSQL's headers, which it does not follow:
 * above all that an error does not return.  Included before each file.
 */
#define DEBUG1	14
#define LOG		15
#define NOTICE	18
#define WARNING 19
#define ERROR	21
#define FATAL	22
#define PANIC	23
#define elog(level, ...) do { if ((level) >= ERROR) abort(); } while (0)
#define ereport(level, ...) do { if ((level) >= ERROR) abort(); } while (0)
#define Assert(x) do { if (!(x)) abort(); } while (0)
#define StaticAssertDecl(condition, message) extern int static_asserted
#define PG_MODULE_MAGIC extern int module_magic
#define PG_FUNCTION_INFO_V1(f) extern int f##_info
#define pg_attribute_noreturn() __attribute__((noreturn))
