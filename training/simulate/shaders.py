"""The programs of ``raster_gpu.py`` in OpenGL's shading language (GLSL 4.30).

``near / depth - 1`` stands for the depth of a point: like 1/depth it is linear on the film, and it keeps its
digits in float32. -1 marks a point at or behind the focal spot.
"""

from __future__ import annotations

from typing import Final

_PARTS: Final = """
#version 430
struct Part {
    ivec4 box;  // pixels of the film that it may cover: left, top, and the first right and below of it
    ivec2 at;  // where these lie in the texture of sums
    int channel;
    float limit;  // mm
};
layout(std430, binding = 2) readonly buffer Parts { Part parts[]; };
"""

# A triangle's corners fetch all three: each knows the plane that they lie in.
TRIANGLE: Final = (
    _PARTS
    + """
layout(std430, binding = 0) readonly buffer Points { float points[]; };  // column, row, near / depth - 1
layout(std430, binding = 1) readonly buffer Faces { uvec4 faces[]; };  // three points and the part
uniform float side;  // pixels of the texture of sums
flat out ivec4 box;  // there
flat out vec2 corner;
flat out vec2 slope;
flat out vec3 inverse;  // at the corner, least, greatest

vec3 point(uint index) {
    return vec3(points[3u * index], points[3u * index + 1u], points[3u * index + 2u]);
}

void main() {
    uvec4 face = faces[gl_VertexID / 3];
    Part part = parts[face.w];
    vec3 a = point(face.x), b = point(face.y), c = point(face.z);
    vec3 u = b - a, v = c - a;
    float area = u.x * v.y - v.x * u.y;
    vec2 shift = vec2(part.at - part.box.xy);
    box = ivec4(part.at, part.at + part.box.zw - part.box.xy);
    corner = a.xy + shift;
    slope = area == 0.0 ? vec2(0.0) : vec2(u.z * v.y - v.z * u.y, v.z * u.x - u.z * v.x) / area;
    inverse = vec3(a.z, min(a.z, min(b.z, c.z)), max(a.z, max(b.z, c.z)));
    vec2 own = gl_VertexID % 3 == 0 ? a.xy : gl_VertexID % 3 == 1 ? b.xy : c.xy;
    bool seen = inverse.y > -1.0;
    gl_Position = vec4(seen ? (own + shift) * (2.0 / side) - 1.0 : vec2(2.0), 0.0, 1.0);
}
"""
)

CROSSING: Final = """
#version 430
flat in ivec4 box;
flat in vec2 corner;
flat in vec2 slope;
flat in vec3 inverse;
uniform float near;
out vec2 sum;  // mm behind near, and how often, less what enters

void main() {
    ivec2 pixel = ivec2(gl_FragCoord.xy);
    if (any(lessThan(pixel, box.xy)) || any(greaterThanEqual(pixel, box.zw))) discard;
    float here = clamp(inverse.x + dot(gl_FragCoord.xy - corner, slope), inverse.y, inverse.z);
    float behind = -near * here / (1.0 + here);
    sum = gl_FrontFacing ? vec2(behind, 1.0) : vec2(-behind, -1.0);
}
"""

# The maps of all tissues lie below each other.
RECTANGLE: Final = (
    _PARTS
    + """
uniform int first;
uniform ivec3 maps;  // width, height, tissues
flat out ivec2 shift;
flat out float limit;

void main() {
    Part part = parts[first + gl_InstanceID];
    ivec2 down = ivec2(0, part.channel * maps.y);
    ivec2 corner = ivec2(gl_VertexID % 2 == 0 ? part.box.x : part.box.z,
                         gl_VertexID < 2 ? part.box.y : part.box.w) + down;
    shift = part.at - part.box.xy - down;
    limit = part.limit;
    gl_Position = vec4(2.0 * vec2(corner) / vec2(maps.x, maps.y * maps.z) - 1.0, 0.0, 1.0);
}
"""
)

LIMITED: Final = """
#version 430
flat in ivec2 shift;
flat in float limit;
uniform float near;
uniform sampler2D sums;
out float amount;  // mm

void main() {
    vec2 sum = texelFetch(sums, ivec2(gl_FragCoord.xy) + shift, 0).xy;
    amount = clamp(sum.x + near * sum.y, 0.0, limit);
}
"""
