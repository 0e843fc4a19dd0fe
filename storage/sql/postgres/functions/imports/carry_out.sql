-- The calls for imports; NULL: there is no such call.
CREATE OR REPLACE FUNCTION reconvene.carry_out_import(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE call ->> 'call'
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
    END;
END $$;
