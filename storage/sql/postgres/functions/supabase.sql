-- On Supabase the Data API reaches `public` only. What it can reach there is one function, and of its roles only the service
-- role may call it. Elsewhere there are no such roles, and nothing happens. It runs whenever a function was written, and
-- whenever a migration made a table. Tables that have row level security are not altered once more: that would wait for
-- whoever reads them.
CREATE OR REPLACE FUNCTION reconvene.share_with_supabase() RETURNS void LANGUAGE plpgsql AS $share$
DECLARE
    relation regclass;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'service_role') THEN
        RETURN;
    END IF;
    CREATE OR REPLACE FUNCTION public.reconvene(calls jsonb, before double precision DEFAULT NULL) RETURNS json
        LANGUAGE sql SET search_path = '' AS 'SELECT reconvene.carry_out(calls, before)';
    REVOKE ALL ON FUNCTION public.reconvene(jsonb, double precision) FROM PUBLIC, anon, authenticated;
    REVOKE ALL ON SCHEMA reconvene FROM PUBLIC, anon, authenticated;
    REVOKE ALL ON ALL TABLES IN SCHEMA reconvene FROM PUBLIC, anon, authenticated;
    REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reconvene FROM PUBLIC, anon, authenticated;
    GRANT EXECUTE ON FUNCTION public.reconvene(jsonb, double precision) TO service_role;
    GRANT USAGE ON SCHEMA reconvene TO service_role;
    GRANT ALL ON ALL TABLES IN SCHEMA reconvene TO service_role;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA reconvene TO service_role;
    FOR relation IN
        SELECT oid FROM pg_class WHERE relnamespace = 'reconvene'::regnamespace AND relkind = 'r' AND NOT relrowsecurity
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', relation);
    END LOOP;
    NOTIFY pgrst, 'reload schema';
END $share$;
