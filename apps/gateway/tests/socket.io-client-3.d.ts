/** Its package says nothing of its types to `exports`; what we use of them is the same in 4.x. */
declare module 'socket.io-client-3' {
  export { io } from 'socket.io-client';
}
