/** German: what the server, the client library and the routes of this page say in English. Where this has no text, that of the code counts. */
export const ELSEWHERE = {
  "This socket has joined a meeting already.": "Diese Verbindung ist schon in einem Meeting.",
  "You are in this meeting already, in another tab or browser.": "Sie sind schon in diesem Meeting, in einem anderen Tab oder Browser.",
  "You are not in the meeting.": "Sie sind nicht im Meeting.",
  "The connection was lost: it is not known whether this was carried out.": "Die Verbindung ging verloren: Ob das ausgeführt wurde, ist nicht bekannt.",
  "The token is not valid.": "Das Token ist ungültig.",
  "The server’s answer did not arrive.": "Die Antwort des Servers kam nicht an.",
  "Only the host can see this.": "Das kann nur der Host sehen.",
  "This server does not know you any more.": "Dieser Server kennt Sie nicht mehr.",
  "Your login has expired.": "Ihre Anmeldung ist abgelaufen.",
  "The file did not arrive.": "Die Datei kam nicht an.",
  "Your login has expired. Open the meeting once more where you logged in.":
    "Ihre Anmeldung ist abgelaufen. Öffnen Sie das Meeting noch einmal dort, wo Sie sich angemeldet haben.",
};
