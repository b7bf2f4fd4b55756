export { keepAliveMs, parseHead, type Head } from './head.js';
