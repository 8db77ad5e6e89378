-- Every object of the extension has a COMMENT.
SELECT pg_describe_object(d.classid, d.objid, 0)
FROM pg_depend d
	JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass
		AND d.refobjid = e.oid AND e.extname = 'temporal'
WHERE d.deptype = 'e'
	AND obj_description(d.objid, d.classid::regclass::name) IS NULL
	-- a table's row type and array types are part of their base
	AND NOT (d.classid = 'pg_type'::regclass AND EXISTS (
		SELECT FROM pg_type t WHERE t.oid = d.objid
			AND (t.typrelid <> 0 OR t.typcategory = 'A')))
ORDER BY 1;
