import '../lib/post.mjs';
