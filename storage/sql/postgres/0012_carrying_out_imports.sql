-- The one way in, for imports too: see 0005.

CREATE OR REPLACE FUNCTION reconvene.delete_old_meetings(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    before double precision := (call ->> 'before')::double precision;
    old text;
    deleted text[] := '{}';
BEGIN
    FOR old IN
        SELECT room FROM reconvene.meetings
        WHERE created_at < before AND (ended_at IS NULL OR ended_at < before)
            AND NOT EXISTS (
                SELECT 1 FROM reconvene.participants
                WHERE participants.room = meetings.room AND (last_seen_at >= before OR state = 'connected')
            )
            AND NOT reconvene.is_heard_live(room)
        ORDER BY created_at
        LIMIT (call ->> 'limit')::integer
        FOR UPDATE SKIP LOCKED
    LOOP
        -- Looked at again under the lock: someone may have come meanwhile.
        CONTINUE WHEN reconvene.is_heard_live(old) OR EXISTS (
            SELECT 1 FROM reconvene.participants
            WHERE room = old AND (last_seen_at >= before OR state = 'connected')
        );
        PERFORM reconvene.delete_meeting(jsonb_build_object('room', old));
        deleted := array_append(deleted, old);
    END LOOP;
    RETURN json_build_object('value', deleted);
END $$;

CREATE FUNCTION reconvene.is_heard_live(which text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM reconvene.import_parts JOIN reconvene.import_stays ON walk_id = shown
        WHERE room = which AND state = 'live' AND left_at IS NULL
    )
$$;

CREATE OR REPLACE FUNCTION reconvene.carry_out(calls jsonb, before double precision DEFAULT NULL) RETURNS json
LANGUAGE plpgsql
SET lock_timeout = '200ms'
SET enable_seqscan = off -- every row is looked up by an index, however few there are as yet: plans are made once, and kept
AS $$
DECLARE
    call jsonb;
    answers json[] := '{}';
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        -- Under another, what was committed while a lock was waited for would not be seen.
        RAISE EXCEPTION 'Reconvene needs transactions at the level "read committed", and default_transaction_isolation is %',
            current_setting('transaction_isolation') USING ERRCODE = 'feature_not_supported';
    END IF;
    IF extract(epoch FROM clock_timestamp()) > before THEN
        RETURN (SELECT json_agg('{"refused": "late"}'::json) FROM jsonb_array_elements(calls));
    END IF;
    FOR call IN SELECT value FROM jsonb_array_elements(calls) LOOP
        answers := array_append(answers, CASE call ->> 'call'
            WHEN 'join_many' THEN json_build_object('value', reconvene.join_many(call -> 'calls', call ? 'again'))
            WHEN 'join' THEN reconvene.join_meeting(call)
            WHEN 'leave' THEN reconvene.leave(call)
            WHEN 'resume_stay' THEN reconvene.resume_stay(call)
            WHEN 'abandon_stay' THEN reconvene.abandon_stay(call)
            WHEN 'meeting' THEN reconvene.find_meeting(call)
            WHEN 'create_meeting' THEN reconvene.create_meeting(call)
            WHEN 'end_meeting' THEN reconvene.end_meeting(call)
            WHEN 'delete_meeting' THEN reconvene.delete_meeting(call)
            WHEN 'delete_old_meetings' THEN reconvene.delete_old_meetings(call)
            WHEN 'heartbeat' THEN reconvene.heartbeat(call)
            WHEN 'close_dead_nodes' THEN reconvene.close_dead_nodes(call)
            WHEN 'stop_node' THEN reconvene.stop_node(call)
            WHEN 'restorable' THEN reconvene.restorable(call)
            WHEN 'attendance' THEN reconvene.attendance(call)
            WHEN 'hosted_meetings' THEN reconvene.hosted_meetings(call)
            WHEN 'begin_walk' THEN reconvene.begin_walk(call)
            WHEN 'take_walk' THEN reconvene.take_walk(call)
            WHEN 'renew_walk' THEN reconvene.renew_walk(call)
            WHEN 'release_walk' THEN reconvene.release_walk(call)
            WHEN 'save_page' THEN reconvene.save_page(call)
            WHEN 'finish_walk' THEN reconvene.finish_walk(call)
            WHEN 'drop_walk' THEN reconvene.drop_walk(call)
            WHEN 'sweep_walks' THEN reconvene.sweep_walks(call)
            WHEN 'record_live' THEN reconvene.record_live(call)
            WHEN 'end_live' THEN reconvene.end_live(call)
            WHEN 'schedule_import' THEN reconvene.schedule_import(call)
            WHEN 'claim_due_imports' THEN reconvene.claim_due_imports(call)
            WHEN 'imported' THEN reconvene.imported(call)
            WHEN 'imports' THEN reconvene.latest_imports(call)
            WHEN 'import_totals' THEN reconvene.import_totals(call)
            WHEN 'registrations' THEN reconvene.registrations(call)
            WHEN 'clock' THEN json_build_object('value', extract(epoch FROM clock_timestamp()))
            WHEN 'version' THEN json_build_object('value', (SELECT max(number) FROM reconvene.migrations))
        END);
    END LOOP;
    RETURN to_json(answers);
END $$;

-- As in 0005, but tables that have it already are not altered once more: that would wait for whoever reads them.
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

SELECT reconvene.share_with_supabase();

INSERT INTO reconvene.migrations (number, name) VALUES (12, '0012_carrying_out_imports');
