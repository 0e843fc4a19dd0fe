/** Directions of media sections (RFC 9429, 4.2.3). */

export const sends = (direction) => direction === "sendrecv" || direction === "sendonly";
export const receives = (direction) => direction === "sendrecv" || direction === "recvonly";
export const directionOf = (send, receive) => (send ? (receive ? "sendrecv" : "sendonly") : receive ? "recvonly" : "inactive");
export const reversed = (direction) => directionOf(receives(direction), sends(direction));
export const common = (one, other) => directionOf(sends(one) && sends(other), receives(one) && receives(other));
