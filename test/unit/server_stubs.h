/*-------------------------------------------------------------------------
 *
 * server_stubs.h
 *	  What a file of the extension needs of the server, without a server
 *
 * Files that do nothing but compute can be linked with server_stubs.c instead
 * of the backend: memory, string buffers, errors.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SERVER_STUBS_H
#define SERVER_STUBS_H

#include "postgres.h"

#include <setjmp.h>

/* The C library's own, not the server's */
#undef printf
#undef vprintf
#undef fprintf
#undef snprintf
#undef vsnprintf
#undef qsort

/* Where an error goes to; NULL: it ends the program */
extern sigjmp_buf *stub_error;
extern int	stub_error_code;
extern char stub_error_message[];

/* Bytes of the largest allocation since it was last set to 0 */
extern Size stub_largest;

/* Is all memory filled with garbage before it is given out? */
extern bool stub_garbage;

/* Frees all there is, and returns how many pieces that were. */
extern int	stub_reset_memory(void);

#endif							/* SERVER_STUBS_H */
