-- Nobody but the owner writes the extension's tables, and nothing that runs
-- as its owner is open to everybody.
SELECT format('PUBLIC may %s %s', a.privilege_type, c.oid::regclass)
FROM pg_class c, aclexplode(c.relacl) a
WHERE c.relnamespace = 'temporal'::regnamespace AND a.grantee = 0
	AND a.privilege_type <> 'SELECT'
UNION ALL
SELECT format('%s is SECURITY DEFINER and PUBLIC may call it', p.oid::regprocedure)
FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
WHERE p.pronamespace = 'temporal'::regnamespace AND p.prosecdef
	AND a.grantee = 0;
