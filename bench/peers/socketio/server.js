// The design that people usually start from: a like is posted, published on one Redis channel, and every server hands it
// to the room of the post's owner. Nobody is authenticated, nothing is stored, nothing is de-duplicated.
import { createServer } from 'node:http';
import express from 'express';
import { createClient } from 'redis';
import { Server } from 'socket.io';

const CHANNEL = 'like_status';

const app = express();
const server = createServer(app);
const io = new Server(server);

const publisher = createClient({ url: process.env.REDIS_URL });
const subscriber = publisher.duplicate();
await Promise.all([publisher.connect(), subscriber.connect()]);

io.on('connection', (socket) => {
  socket.on('register', (userId, done) => {
    socket.join(userId);
    done('ok');
  });
});

await subscriber.subscribe(CHANNEL, (text) => {
  const { room, event, data } = JSON.parse(text);
  (room ? io.to(room) : io).emit(event, data);
});

const publish = (message) => publisher.publish(CHANNEL, JSON.stringify(message));

app.use(express.json());

app.post('/like', async (req, res) => {
  const { postId, postOwnerId, likerId, likerName } = req.body;
  const message = `${likerName} liked your post`;
  await publish({ room: postOwnerId, event: 'notification', data: { postId, likerId, likerName, message, at: Date.now() } });
  res.json({ liked: true });
});

app.post('/broadcast', async (req, res) => {
  const { message } = req.body;
  await publish({ event: 'message', data: { message, at: Date.now() } });
  res.json({ sent: true });
});

app.get('/healthz', (_req, res) => res.json({ ok: true }));

server.listen(Number(process.env.PORT), '127.0.0.1', 4096);
