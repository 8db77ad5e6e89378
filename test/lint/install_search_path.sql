-- Every function that is written in SQL or PL/pgSQL, or runs as its owner,
-- pins its search_path.  (A body in BEGIN ATOMIC was resolved when it was
-- created.)
SELECT p.oid::regprocedure
FROM pg_proc p
	JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
		AND d.deptype = 'e'
	JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass
		AND d.refobjid = e.oid AND e.extname = 'temporal'
	JOIN pg_language l ON l.oid = p.prolang
WHERE (p.prosecdef OR (l.lanname IN ('sql', 'plpgsql') AND p.prosqlbody IS NULL))
	AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS setting
					WHERE setting LIKE 'search\_path=%')
ORDER BY 1;
