/** German: what does not work, and what to do. */
export const FAILURES = {
  // Devices
  "This browser cannot make calls: WebRTC is missing, or switched off. You can join and see who is there, what they do and who raises a hand, but without sound and picture, and nobody sees or hears you. To take part, allow WebRTC in the settings, or open the link in another browser.":
    "Dieser Browser unterstützt keine Videoanrufe: WebRTC fehlt oder ist ausgeschaltet. Sie können beitreten und sehen, wer da ist, was geschieht und wer die Hand hebt, aber ohne Ton und Bild; niemand sieht oder hört Sie. Um teilzunehmen, erlauben Sie WebRTC in den Einstellungen, oder öffnen Sie den Link in einem anderen Browser.",
  "Your browser may not use your microphone. You can go on without; to change it, click the icon in the address bar.":
    "Ihr Browser darf Ihr Mikrofon nicht verwenden. Es geht auch ohne; um das zu ändern, klicken Sie auf das Symbol in der Adressleiste.",
  "Your browser may not use your camera. You can go on without; to change it, click the icon in the address bar.":
    "Ihr Browser darf Ihre Kamera nicht verwenden. Es geht auch ohne; um das zu ändern, klicken Sie auf das Symbol in der Adressleiste.",
  "Your browser may not use your microphone and camera. You can go on without; to change it, click the icon in the address bar.":
    "Ihr Browser darf Mikrofon und Kamera nicht verwenden. Es geht auch ohne; um das zu ändern, klicken Sie auf das Symbol in der Adressleiste.",
  "Your system does not let the browser use your microphone. Allow it in the system’s privacy settings, then start the browser again.":
    "Ihr System lässt den Browser nicht an Ihr Mikrofon. Erlauben Sie es in den Datenschutzeinstellungen des Systems, und starten Sie den Browser neu.",
  "Your system does not let the browser use your camera. Allow it in the system’s privacy settings, then start the browser again.":
    "Ihr System lässt den Browser nicht an Ihre Kamera. Erlauben Sie es in den Datenschutzeinstellungen des Systems, und starten Sie den Browser neu.",
  "Your system does not let the browser use your microphone and camera. Allow it in the system’s privacy settings, then start the browser again.":
    "Ihr System lässt den Browser nicht an Mikrofon und Kamera. Erlauben Sie es in den Datenschutzeinstellungen des Systems, und starten Sie den Browser neu.",
  "No microphone was found. You can go on without, or plug one in and turn it on.":
    "Es wurde kein Mikrofon gefunden. Es geht auch ohne; oder schließen Sie eines an, und schalten Sie es ein.",
  "No camera was found. You can go on without, or plug one in and turn it on.":
    "Es wurde keine Kamera gefunden. Es geht auch ohne; oder schließen Sie eine an, und schalten Sie sie ein.",
  "No microphone or camera was found. You can go on without, or plug one in and turn it on.":
    "Es wurden weder Mikrofon noch Kamera gefunden. Es geht auch ohne; oder schließen Sie ein Gerät an, und schalten Sie es ein.",
  "Your microphone did not start, perhaps because another program is using it.":
    "Ihr Mikrofon ließ sich nicht starten, vielleicht weil ein anderes Programm es verwendet.",
  "Your camera did not start, perhaps because another program is using it.":
    "Ihre Kamera ließ sich nicht starten, vielleicht weil ein anderes Programm sie verwendet.",
  "Your microphone and camera did not start, perhaps because another program is using them.":
    "Mikrofon und Kamera ließen sich nicht starten, vielleicht weil ein anderes Programm sie verwendet.",
  "Browsers allow the microphone only on https pages. You can still see and hear the others.":
    "Browser erlauben das Mikrofon nur auf https-Seiten. Sie können die anderen trotzdem sehen und hören.",
  "Browsers allow the camera only on https pages. You can still see and hear the others.":
    "Browser erlauben die Kamera nur auf https-Seiten. Sie können die anderen trotzdem sehen und hören.",
  "Browsers allow the microphone and camera only on https pages. You can still see and hear the others.":
    "Browser erlauben Mikrofon und Kamera nur auf https-Seiten. Sie können die anderen trotzdem sehen und hören.",
  "Your system did not let the browser show your screen. If you did not cancel it: allow screen recording for the browser in the system’s privacy settings, then start the browser again.":
    "Ihr System hat den Browser Ihren Bildschirm nicht zeigen lassen. Falls Sie nicht selbst abgebrochen haben: Erlauben Sie dem Browser die Bildschirmaufnahme in den Datenschutzeinstellungen des Systems, und starten Sie ihn neu.",
  "The browser found no screen to share. If there is one, allow screen recording for the browser in the system’s privacy settings, then start the browser again.":
    "Der Browser hat keinen Bildschirm gefunden, der geteilt werden kann. Falls es einen gibt, erlauben Sie dem Browser die Bildschirmaufnahme in den Datenschutzeinstellungen des Systems, und starten Sie ihn neu.",
  "Your screen could not be captured. Try another window or the whole screen, or start the browser again.":
    "Ihr Bildschirm konnte nicht aufgenommen werden. Versuchen Sie es mit einem anderen Fenster oder dem ganzen Bildschirm, oder starten Sie den Browser neu.",
  "The browser wants a click for that: press the Share screen button.": "Der Browser verlangt dafür einen Klick: Klicken Sie auf „Bildschirm teilen“.",
  "This browser cannot share a screen. Try it on a computer, with Chrome, Firefox, Edge or Safari.":
    "Dieser Browser kann keinen Bildschirm teilen. Versuchen Sie es an einem Computer mit Chrome, Firefox, Edge oder Safari.",
  "Your microphone “{label}” was disconnected.": "Ihr Mikrofon „{label}“ wurde getrennt.",
  "Your microphone was disconnected.": "Ihr Mikrofon wurde getrennt.",
  "Your camera “{label}” was disconnected.": "Ihre Kamera „{label}“ wurde getrennt.",
  "Your camera was disconnected.": "Ihre Kamera wurde getrennt.",
  "Your microphone “{label}” was interrupted.": "Ihr Mikrofon „{label}“ wurde unterbrochen.",
  "Your microphone was interrupted.": "Ihr Mikrofon wurde unterbrochen.",
  "Your camera “{label}” was interrupted.": "Ihre Kamera „{label}“ wurde unterbrochen.",
  "Your camera was interrupted.": "Ihre Kamera wurde unterbrochen.",
  "Your microphone “{label}” was stopped by the browser or the system. You can turn it on again.":
    "Der Browser oder das System hat Ihr Mikrofon „{label}“ angehalten. Sie können es wieder einschalten.",
  "Your microphone was stopped by the browser or the system. You can turn it on again.":
    "Der Browser oder das System hat Ihr Mikrofon angehalten. Sie können es wieder einschalten.",
  "Your camera “{label}” was stopped by the browser or the system. You can turn it on again.":
    "Der Browser oder das System hat Ihre Kamera „{label}“ angehalten. Sie können sie wieder einschalten.",
  "Your camera was stopped by the browser or the system. You can turn it on again.":
    "Der Browser oder das System hat Ihre Kamera angehalten. Sie können sie wieder einschalten.",
  "Your microphone is now “{label}”.": "Ihr Mikrofon ist jetzt „{label}“.",
  "Your microphone is now another one.": "Ihr Mikrofon ist jetzt ein anderes.",
  "Your camera is now “{label}”.": "Ihre Kamera ist jetzt „{label}“.",
  "Your camera is now another one.": "Ihre Kamera ist jetzt eine andere.",
  "Your system has muted your microphone “{label}”.": "Ihr System hat Ihr Mikrofon „{label}“ stummgeschaltet.",
  "Your system has muted your microphone.": "Ihr System hat Ihr Mikrofon stummgeschaltet.",
  "Your system has muted your camera “{label}”.": "Ihr System hat Ihre Kamera „{label}“ angehalten.",
  "Your system has muted your camera.": "Ihr System hat Ihre Kamera angehalten.",
  "Your microphone “{label}” is back: your system has muted it no longer.": "Ihr Mikrofon „{label}“ ist wieder da: Ihr System schaltet es nicht mehr stumm.",
  "Your microphone is back: your system has muted it no longer.": "Ihr Mikrofon ist wieder da: Ihr System schaltet es nicht mehr stumm.",
  "Your camera “{label}” is back: your system has muted it no longer.": "Ihre Kamera „{label}“ ist wieder da: Ihr System hält sie nicht mehr an.",
  "Your camera is back: your system has muted it no longer.": "Ihre Kamera ist wieder da: Ihr System hält sie nicht mehr an.",
  "Waiting for your permission to use the microphone.": "Es fehlt noch Ihre Erlaubnis, das Mikrofon zu verwenden.",
  "Waiting for your permission to use the camera.": "Es fehlt noch Ihre Erlaubnis, die Kamera zu verwenden.",
  "Waiting for your permission to use the microphone and camera.": "Es fehlt noch Ihre Erlaubnis, Mikrofon und Kamera zu verwenden.",
  // The connection
  "The server cannot be reached. This page keeps trying by itself.": "Der Server ist nicht erreichbar. Diese Seite versucht es von selbst weiter.",
  "The server answers, but the connection that a meeting needs does not get through.":
    "Der Server antwortet, aber die Verbindung, die ein Meeting braucht, kommt nicht durch.",
  "So many come from your network that the server lets them in a few at a time. This page keeps trying by itself.":
    "Aus Ihrem Netzwerk kommen so viele, dass der Server sie nach und nach einlässt. Diese Seite versucht es von selbst weiter.",
  "The server’s set-up, a proxy or something in this network blocks it. This page keeps trying; if that does not help, tell whoever runs the server.":
    "Die Einrichtung des Servers, ein Proxy oder etwas in diesem Netzwerk blockiert sie. Diese Seite versucht es weiter; wenn das nicht hilft, sagen Sie es denen, die den Server betreiben.",
  // In place of a meeting
  "Home": "Startseite",
  "Rejoin": "Wieder beitreten",
  "Start it now": "Jetzt starten",
  "Use here": "Hierher holen",
  "See attendance": "Anwesenheit ansehen",
  "Log in": "Anmelden",
  "You left": "Sie haben das Meeting verlassen",
  "Your place is free again. Come back whenever you like.": "Ihr Platz ist wieder frei. Kommen Sie zurück, wann immer Sie möchten.",
  "There is no such meeting": "Dieses Meeting gibt es nicht",
  "Nobody has started {id} yet. Check the ID for a typo, or start the meeting yourself and share its link.":
    "{id} hat noch niemand gestartet. Prüfen Sie die ID auf Tippfehler, oder starten Sie das Meeting selbst, und teilen Sie seinen Link.",
  "There is nothing here": "Hier ist nichts",
  "No page has this address. Check it for a typo, or go to the front page to start a meeting or to join one.":
    "Unter dieser Adresse gibt es keine Seite. Prüfen Sie sie auf Tippfehler, oder gehen Sie zur Startseite, um ein Meeting zu starten oder einem beizutreten.",
  "This link is not complete": "Dieser Link ist unvollständig",
  "A meeting ID has at least three letters (A to Z), digits or dashes, and nothing else. Ask whoever sent the link for a new one.":
    "Eine Meeting-ID hat mindestens drei Buchstaben (A bis Z), Ziffern oder Striche und sonst nichts. Bitten Sie die Person, die Ihnen den Link geschickt hat, um einen neuen.",
  "This meeting has ended": "Dieses Meeting ist beendet",
  "The host ended it for everyone. To talk on, start a new one.": "Der Host hat es für alle beendet. Um weiterzusprechen, starten Sie ein neues.",
  "Nobody can join this here": "Hier kann niemand beitreten",
  "{id} is an ID of what is held in Zoom. If it was imported, whoever has the admin key of this server can see who came.":
    "{id} ist die ID von etwas, das in Zoom stattfindet. Wenn es importiert wurde, kann mit dem Admin-Schlüssel dieses Servers angesehen werden, wer da war.",
  "You ended the meeting": "Sie haben das Meeting beendet",
  "Everyone has left, and its link no longer lets people in.": "Alle sind gegangen, und der Link lässt niemanden mehr ein.",
  "This meeting is full": "Dieses Meeting ist voll",
  "There is no free place at the moment. Try again when someone has left, or ask the host.":
    "Zurzeit ist kein Platz frei. Versuchen Sie es noch einmal, wenn jemand gegangen ist, oder fragen Sie den Host.",
  "This meeting is locked": "Dieses Meeting ist gesperrt",
  "The host lets nobody else in at the moment. Ask them, then try again.":
    "Der Host lässt zurzeit niemanden mehr ein. Fragen Sie dort nach, und versuchen Sie es dann noch einmal.",
  "You joined from another tab": "Sie sind in einem anderen Tab beigetreten",
  "The meeting goes on there. You can also take it back to this tab.": "Das Meeting geht dort weiter. Sie können es auch in diesen Tab zurückholen.",
  "It is open in another tab or window of yours.": "Es ist in einem anderen Tab oder Fenster von Ihnen offen.",
  "You are no longer let in as who you were": "Ihr bisheriger Zugang gilt nicht mehr",
  "Whoever runs this server has revoked what this browser shows for who you are. You can come in as somebody new.":
    "Wer diesen Server betreibt, hat widerrufen, womit dieser Browser Sie ausweist. Sie können als neue Person beitreten.",
  "You were removed": "Sie wurden entfernt",
  "The host took you out of this meeting. If that was a mistake, ask them to let you back in.":
    "Der Host hat Sie aus diesem Meeting entfernt. Falls das ein Versehen war, bitten Sie darum, wieder eingelassen zu werden.",
  "You were not let in": "Sie wurden nicht eingelassen",
  "The host did not let you into this meeting. If that was a mistake, ask them, then knock again.":
    "Der Host hat Sie nicht in dieses Meeting eingelassen. Falls das ein Versehen war, fragen Sie dort nach, und klopfen Sie dann noch einmal an.",
  "You were turned away twice, and cannot ask again to be let into this meeting.":
    "Sie wurden zweimal abgewiesen und können nicht noch einmal um Einlass in dieses Meeting bitten.",
  "You no longer wait": "Sie warten nicht mehr",
  "Nobody is asked to let you in any more. You can knock again whenever you like.":
    "Niemand wird mehr gebeten, Sie einzulassen. Sie können jederzeit wieder anklopfen.",
  "Whoever invited you can tell you what it is.": "Wer Sie eingeladen hat, kann es Ihnen sagen.",
  "The server cannot be reached": "Der Server ist nicht erreichbar",
  "Check your connection; the server may also be restarting. This page keeps trying by itself.":
    "Prüfen Sie Ihre Verbindung; vielleicht startet der Server auch gerade neu. Diese Seite versucht es von selbst weiter.",
  "The server needs a moment": "Der Server braucht einen Moment",
  "It cannot let anyone in right now. This page keeps trying by itself.": "Er kann gerade niemanden einlassen. Diese Seite versucht es von selbst weiter.",
  "So many come from your network": "Aus Ihrem Netzwerk kommen sehr viele",
  "The server lets so many in at once, and a few at a time after that. This page keeps trying by itself.":
    "Der Server lässt nicht alle auf einmal ein, sondern nach und nach. Diese Seite versucht es von selbst weiter.",
  "Only the host sees who came": "Nur der Host sieht, wer da war",
  "That is whoever started the meeting, in the browser they started it with. If that was you, open this page there.":
    "Das ist, wer das Meeting gestartet hat, in dem Browser, mit dem es gestartet wurde. Wenn Sie das waren, öffnen Sie diese Seite dort.",
  "This server does not know you": "Dieser Server kennt Sie nicht",
  "Only the host sees who came, and the server refused what this browser has to show for it. Perhaps another server runs at this address at the moment, or it was set up anew. Nothing is thrown away: try again when the right one is back.":
    "Nur der Host sieht, wer da war, und der Server hat nicht angenommen, womit dieser Browser sich ausweist. Vielleicht läuft unter dieser Adresse gerade ein anderer Server, oder er wurde neu eingerichtet. Nichts geht verloren: Versuchen Sie es noch einmal, wenn der richtige wieder da ist.",
  "Perhaps another server runs at this address at the moment, or it was set up anew. Who you were is kept in this browser: try again when the right one is back.":
    "Vielleicht läuft unter dieser Adresse gerade ein anderer Server, oder er wurde neu eingerichtet. Wer Sie waren, bleibt in diesem Browser aufgehoben: Versuchen Sie es noch einmal, wenn der richtige wieder da ist.",
  "Your login has expired": "Ihre Anmeldung ist abgelaufen",
  "Go back to where you opened this page, and open it there once more.": "Gehen Sie dorthin zurück, wo Sie diese Seite geöffnet haben, und öffnen Sie sie dort noch einmal.",
  "Go back to where you opened this meeting, and open it there once more. Your place is kept for a moment.":
    "Gehen Sie dorthin zurück, wo Sie dieses Meeting geöffnet haben, und öffnen Sie es dort noch einmal. Ihr Platz wird einen Moment freigehalten.",
  "Your login was not accepted": "Ihre Anmeldung wurde nicht angenommen",
  "This server does not take what the application says of you. Open the meeting there once more; if that does not help, tell whoever runs it.":
    "Dieser Server akzeptiert nicht, was die Anwendung über Sie sagt. Öffnen Sie das Meeting dort noch einmal; wenn das nicht hilft, sagen Sie es denen, die sie betreiben.",
  "You are no longer let in": "Sie werden nicht mehr eingelassen",
  "Whoever runs this server has revoked your login. Log in to the application again, or ask them.":
    "Wer diesen Server betreibt, hat Ihre Anmeldung widerrufen. Melden Sie sich in der Anwendung neu an, oder fragen Sie dort nach.",
  "Whoever runs this server has revoked what this browser shows for who you are. If that was a mistake, ask them.":
    "Wer diesen Server betreibt, hat widerrufen, womit dieser Browser Sie ausweist. Falls das ein Versehen war, fragen Sie dort nach.",
  "You need to log in first": "Sie müssen sich zuerst anmelden",
  "Only people who come from the application that this server belongs to are let in. Open the meeting there.":
    "Eingelassen wird nur, wer aus der Anwendung kommt, zu der dieser Server gehört. Öffnen Sie das Meeting dort.",
  "Your login is for another meeting": "Ihre Anmeldung gilt für ein anderes Meeting",
  "That link has the login of somebody else. It was not used: in this call you stay who you are.":
    "Dieser Link enthält die Anmeldung von jemand anderem. Sie wurde nicht verwendet: In diesem Gespräch bleiben Sie, wer Sie sind.",
  "The application lets you into another meeting than this one. Open this meeting there, or check the link.":
    "Die Anwendung lässt Sie in ein anderes Meeting als dieses. Öffnen Sie dieses Meeting dort, oder prüfen Sie den Link.",
  "You cannot start meetings here": "Sie können hier keine Meetings starten",
  "Whoever runs this server has others start them. Ask whoever invited you, or log in to the application first.":
    "Auf diesem Server starten andere die Meetings. Fragen Sie die Person, die Sie eingeladen hat, oder melden Sie sich zuerst in der Anwendung an.",
  "Only the admin key opens this": "Dafür ist der Admin-Schlüssel nötig",
  "What is imported from Zoom is for whoever has the admin key of this server.":
    "Was aus Zoom importiert ist, ist nur mit dem Admin-Schlüssel dieses Servers zu sehen.",
  "There is no record of this meeting": "Zu diesem Meeting gibt es keine Anwesenheitsdaten",
  "Nobody has started {id}, or its record was deleted.": "{id} hat niemand gestartet, oder die Anwesenheitsdaten wurden gelöscht.",
  "The record is deleted": "Die Anwesenheitsdaten sind gelöscht",
  "Nothing is kept of this meeting any more.": "Von diesem Meeting ist nichts mehr gespeichert.",
  "The import is deleted": "Der Import ist gelöscht",
  "Nothing that was read from Zoom is kept here any more.": "Nichts, was aus Zoom gelesen wurde, ist hier noch gespeichert.",
  "It cannot read the record right now. This page keeps trying by itself.": "Er kann die Anwesenheitsdaten gerade nicht lesen. Diese Seite versucht es von selbst weiter.",
  "Something went wrong": "Etwas ist schiefgegangen",
  "The connection was closed and cannot go on by itself. Rejoining usually helps.":
    "Die Verbindung wurde geschlossen und kann nicht von selbst weitergehen. Meist hilft es, wieder beizutreten.",
  // By the server’s codes
  "The message could not be understood.": "Die Nachricht wurde nicht verstanden.",
  "There is no meeting with this ID.": "Es gibt kein Meeting mit dieser ID.",
  "The meeting has ended.": "Das Meeting ist beendet.",
  "The meeting is locked.": "Das Meeting ist gesperrt.",
  "The meeting is full.": "Das Meeting ist voll.",
  "You were removed from this meeting.": "Sie wurden aus diesem Meeting entfernt.",
  "You were not let in.": "Sie wurden nicht eingelassen.",
  "This meeting asks for a password.": "Dieses Meeting verlangt ein Passwort.",
  "This is not the meeting's password.": "Das ist nicht das Passwort des Meetings.",
  "Nobody else in the meeting has this ID.": "Niemand sonst im Meeting hat diese ID.",
  "There is no such message any more.": "Diese Nachricht gibt es nicht mehr.",
  "The settings were changed meanwhile; look at them again.": "Die Einstellungen wurden inzwischen geändert; sehen Sie sie sich noch einmal an.",
  "The token is not valid or has expired.": "Das Token ist ungültig oder abgelaufen.",
  "The token has expired: a new one is needed.": "Das Token ist abgelaufen: Ein neues ist nötig.",
  "These credentials have been revoked.": "Diese Zugangsdaten wurden widerrufen.",
  "This server only lets in who has logged in with its application.": "Dieser Server lässt nur ein, wer sich in seiner Anwendung angemeldet hat.",
  "Too many messages; slow down.": "Das war zu viel; etwas langsamer bitte.",
  "That is too much at once; send it again a little later.": "Das ist zu viel auf einmal; senden Sie es etwas später noch einmal.",
  "The server cannot do this right now; try again.": "Der Server kann das gerade nicht; versuchen Sie es noch einmal.",
};
