// The places of the board on the map: a layer that draws them as sprites, a hundred thousand of them in one frame.
// A source of GeoJSON would cut, index and place each of them first, which takes a phone seconds.

import { countedOn, seamOf } from "../date-line.js";
import { LARGE, markPicture } from "../marks.js";

const ORDER = ["pool", "withdrawn", "fulfilled", "waiting", "not_capturable", "held", "again"];
const PICTURE = 128;
const WORLD = 512;
const NEAR_PX = 14;

const VERTEX = `#version 300 es
uniform mat4 u_matrix;
uniform float u_size;
in vec2 a_place;
void main() {
  gl_Position = u_matrix * vec4(a_place, 0.0, 1.0);
  gl_PointSize = u_size;
}`;
const FRAGMENT = `#version 300 es
precision mediump float;
uniform sampler2D u_picture;
out vec4 colour;
void main() {
  colour = texture(u_picture, gl_PointCoord);
}`;

/** Where a place lies on the square that is the world, from 0 to 1. */
function onSquare(longitude, latitude) {
  return [
    (longitude + 180) / 360,
    (1 - Math.asinh(Math.tan((latitude * Math.PI) / 180)) / Math.PI) / 2,
  ];
}

/** Compiles the two halves of a program for the graphics card. */
function program(gl) {
  const made = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  return made;
}

/** A layer of MapLibre's kind "custom". */
export class PlacesLayer {
  id = "board-places";
  type = "custom";
  renderingMode = "2d";
  count = 0;
  chosen = null;
  ranges = [];
  pictures = new Map();

  /** Called by the map when the layer is put on it. */
  onAdd(map, gl) {
    this.map = map;
    this.gl = gl;
    this.program = program(gl);
    this.array = gl.createVertexArray();
    this.points = gl.createBuffer();
    this.order = gl.createBuffer();
    const at = gl.getAttribLocation(this.program, "a_place");
    gl.bindVertexArray(this.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.points);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, 2, gl.FLOAT, false, 0, 0);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.order);
    gl.bindVertexArray(null);
    this.uniforms = Object.fromEntries(
      ["u_matrix", "u_size", "u_picture"].map((name) => [name, gl.getUniformLocation(this.program, name)]),
    );
  }

  /** Makes the sprites, in the colours in force now. */
  async paint() {
    const { gl } = this;
    const drawn = await Promise.all(ORDER.map(async (name) => [name, await markPicture(name, PICTURE)]));
    for (const [name, picture] of drawn) {
      const texture = this.pictures.get(name) ?? gl.createTexture();
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
      gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, picture);
      gl.generateMipmap(gl.TEXTURE_2D);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
      this.pictures.set(name, texture);
    }
    this.map.triggerRepaint();
  }

  /** Shows these places from now on. Numbers on the graphics card are short: they are told from the middle of all. */
  show(places) {
    this.places = places;
    this.count = places.count;
    this.x = new Float64Array(this.count);
    this.y = new Float64Array(this.count);
    this.box = [Infinity, Infinity, -Infinity, -Infinity];
    const seam = seamOf(places.longitude);
    for (let i = 0; i < this.count; i += 1) {
      const [x, y] = onSquare(countedOn(places.longitude[i], seam), places.latitude[i]);
      [this.x[i], this.y[i]] = [x, y];
      const [west, north, east, south] = this.box;
      this.box = [Math.min(west, x), Math.min(north, y), Math.max(east, x), Math.max(south, y)];
    }
    this.middle = this.count ? [(this.box[0] + this.box[2]) / 2, (this.box[1] + this.box[3]) / 2] : [0, 0];
    const relative = new Float32Array(2 * this.count);
    for (let i = 0; i < this.count; i += 1) {
      relative[2 * i] = this.x[i] - this.middle[0];
      relative[2 * i + 1] = this.y[i] - this.middle[1];
    }
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.points);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, relative, this.gl.STATIC_DRAW);
    this.sort();
  }

  /** Puts the places in the order in which they are drawn: what needs a person comes last. */
  sort() {
    const { places, gl } = this;
    const groups = ORDER.map((name) => places.states.indexOf(name));
    const sizes = new Map(groups.map((mark) => [mark, 0]));
    for (let i = 0; i < this.count; i += 1) {
      sizes.set(places.mark[i], sizes.get(places.mark[i]) + 1);
    }
    const starts = new Map();
    let start = 0;
    this.ranges = ORDER.map((name, nr) => {
      const size = sizes.get(groups[nr]);
      starts.set(groups[nr], start);
      start += size;
      return { name, start: start - size, size };
    });
    const order = new Uint32Array(this.count);
    for (let i = 0; i < this.count; i += 1) {
      const mark = places.mark[i];
      order[starts.get(mark)] = i;
      starts.set(mark, starts.get(mark) + 1);
    }
    gl.bindVertexArray(this.array);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, order, gl.DYNAMIC_DRAW);
    gl.bindVertexArray(null);
    this.map.triggerRepaint();
  }

  /** Shows only places of these states; null shows all. */
  filter(states) {
    this.chosen = states;
    this.map.triggerRepaint();
  }

  /** Whether places of this state are shown. */
  shows(state) {
    return !this.chosen || this.chosen.has(state);
  }

  /** Side of a sprite in CSS pixels: where many lie close they become the dots of a picture, so that none hides others. */
  size(name) {
    const scale = WORLD * 2 ** this.map.getZoom();
    const area = Math.max(this.box[2] - this.box[0], 1e-9) * Math.max(this.box[3] - this.box[1], 1e-9);
    const room = scale * Math.sqrt(area / this.count) * 1.3;
    return LARGE.has(name) ? Math.min(28, Math.max(16, room)) : Math.min(24, Math.max(3, room));
  }

  /** Called by the map for every frame. */
  render(gl, { defaultProjectionData: { mainMatrix } }) {
    if (!this.count || !this.pictures.size) {
      return;
    }
    gl.useProgram(this.program);
    gl.bindVertexArray(this.array);
    gl.uniform1i(this.uniforms.u_picture, 0);
    gl.activeTexture(gl.TEXTURE0);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    for (const turns of this.worlds()) {
      this.#draw(gl, mainMatrix, turns);
    }
    gl.bindVertexArray(null);
  }

  /** Draws the places on one of the worlds that lie side by side on the map. */
  #draw(gl, mainMatrix, turns) {
    const [x, y] = [this.middle[0] + turns, this.middle[1]];
    const matrix = Float64Array.from(mainMatrix);
    for (let row = 0; row < 4; row += 1) {
      matrix[12 + row] += mainMatrix[row] * x + mainMatrix[4 + row] * y;
    }
    gl.uniformMatrix4fv(this.uniforms.u_matrix, false, Float32Array.from(matrix));
    for (const { name, start, size } of this.ranges) {
      if (size && this.shows(name)) {
        gl.bindTexture(gl.TEXTURE_2D, this.pictures.get(name));
        gl.uniform1f(this.uniforms.u_size, this.size(name) * this.map.getPixelRatio());
        gl.drawElements(gl.POINTS, size, gl.UNSIGNED_INT, 4 * start);
      }
    }
  }

  /** On which worlds places are in the picture: 0 is the one that they are told in, 1 the next one in the east. */
  worlds() {
    const seen = this.map.getBounds();
    const edge = NEAR_PX / (WORLD * 2 ** this.map.getZoom());
    const [west, east] = [seen.getWest(), seen.getEast()].map((longitude) => onSquare(longitude, 0)[0]);
    const [first, last] = [Math.ceil(west - edge - this.box[2]), Math.floor(east + edge - this.box[0])];
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, nr) => first + nr);
  }

  /** The number of the place at a point of the map, the one that matters most first; -1 for none. */
  at({ x, y }) {
    const corner = this.map.unproject([x, y]);
    const [[px, py]] = this.#here([onSquare(corner.lng, corner.lat)]);
    const scale = WORLD * 2 ** this.map.getZoom();
    let found = -1;
    let best = Infinity;
    for (let i = 0; i < this.count; i += 1) {
      const apart = Math.hypot(this.x[i] - px, this.y[i] - py) * scale;
      if (apart < NEAR_PX && this.shows(this.places.state(i))) {
        const rated = apart - (LARGE.has(this.places.state(i)) ? NEAR_PX : 0);
        if (rated < best) {
          [found, best] = [i, rated];
        }
      }
    }
    return found;
  }

  /** The numbers of all that are shown inside of a ring of [longitude, latitude]. */
  inside(ring) {
    const corners = this.#here(ring.map(([longitude, latitude]) => onSquare(longitude, latitude)));
    const [west, east] = [Math.min(...corners.map(([x]) => x)), Math.max(...corners.map(([x]) => x))];
    const [north, south] = [Math.min(...corners.map(([, y]) => y)), Math.max(...corners.map(([, y]) => y))];
    return this.all().filter((i) => {
      const [x, y] = [this.x[i], this.y[i]];
      if (x < west || x > east || y < north || y > south) {
        return false;
      }
      let within = false;
      for (let a = 0, b = corners.length - 1; a < corners.length; b = a, a += 1) {
        const [[ax, ay], [bx, by]] = [corners[a], corners[b]];
        if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) {
          within = !within;
        }
      }
      return within;
    });
  }

  /** Points on the world that the places are told in, moved there all together. */
  #here(points) {
    const across = points.map(([x]) => x);
    const turns = Math.round((Math.min(...across) + Math.max(...across)) / 2 - this.middle[0]);
    return points.map(([x, y]) => [x - turns, y]);
  }

  /** The numbers of all that are shown. */
  all() {
    const found = [];
    for (let i = 0; i < this.count; i += 1) {
      if (this.shows(this.places.state(i))) {
        found.push(i);
      }
    }
    return found;
  }

  /** Where all places lie, as [[west, south], [east, north]]; null for none. */
  bounds() {
    if (!this.count) {
      return null;
    }
    const [west, east] = [this.box[0], this.box[2]].map((x) => 360 * x - 180);
    const [south, north] = this.places.latitude.reduce(
      ([low, high], one) => [Math.min(low, one), Math.max(high, one)],
      [Infinity, -Infinity],
    );
    return [[west, south], [east, north]];
  }
}
