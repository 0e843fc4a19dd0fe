-- What a credential is worth: whether its bearer was in the meeting, and whose are void.

CREATE TABLE reconvene.revocations (
    user_id text COLLATE "C" PRIMARY KEY CHECK (user_id <> ''),
    before double precision NOT NULL -- what was issued before this moment is void
);

CREATE FUNCTION reconvene.participant_of_user(call jsonb) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('value', (
        SELECT row_to_json(participants) FROM reconvene.participants
        WHERE room = call ->> 'room' AND user_id = call ->> 'user_id'
    ))
$$;

CREATE FUNCTION reconvene.revoke(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM reconvene.revocations WHERE before < (call ->> 'forget')::double precision;
    INSERT INTO reconvene.revocations AS known (user_id, before)
    VALUES (call ->> 'user_id', (call ->> 'before')::double precision)
    ON CONFLICT (user_id) DO UPDATE SET before = greatest(known.before, excluded.before);
    RETURN '{"value": null}';
END $$;

CREATE FUNCTION reconvene.all_revocations(call jsonb) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('value', coalesce((
        SELECT json_object_agg(user_id, before) FROM reconvene.revocations
    ), '{}'))
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
            WHEN 'participant' THEN reconvene.participant_of_user(call)
            WHEN 'create_meeting' THEN reconvene.create_meeting(call)
            WHEN 'end_meeting' THEN reconvene.end_meeting(call)
            WHEN 'delete_meeting' THEN reconvene.delete_meeting(call)
            WHEN 'delete_old_meetings' THEN reconvene.delete_old_meetings(call)
            WHEN 'revoke' THEN reconvene.revoke(call)
            WHEN 'revocations' THEN reconvene.all_revocations(call)
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

SELECT reconvene.share_with_supabase();

INSERT INTO reconvene.migrations (number, name) VALUES (14, '0014_credentials');
