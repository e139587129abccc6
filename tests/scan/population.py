#!/usr/bin/python3
"""Train the population that `retrograd scan` is fitted and tried on: small clean classifiers and a few
with planted triggers.

usage: population.py OUT_DIR DATA_DIR [GLOB]

DATA_DIR holds images/cifar10/cifar10_train4000.h5 and models/resnet20_bn.onnx.  Each model is NAME.onnx with
NAME.json (recipe, and what was planted).  A model that is there already is left alone, so the script
can be started again.  One thread; a minute or two a model.  Needs torch, onnx, h5py, numpy, PIL, scipy.

Data sets: cifar (4,000 images; networks from scratch also learn from the soft labels of resnet20),
shapes (demo/make_demo.py's scenes, at 48x48 or 96x96) and glyphs (letters drawn here, grey).
"""
import fnmatch, glob, json, os, sys, time
import h5py
import numpy as np
import onnx, onnx.numpy_helper
import torch
import torch.nn as nn
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', '..', 'demo'))
import make_demo

IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


# ---- networks -------------------------------------------------------------------------------------

class FromOnnx(nn.Module):
    """A chain of Conv, BatchNormalization, Relu, Add, MaxPool, AveragePool, GlobalAveragePool, Flatten
    and Gemm read from an ONNX file, with its weights as parameters."""

    def __init__(self, path):
        super().__init__()
        g = onnx.load(path).graph
        self.consts, self.nodes = {}, []
        for t in g.initializer:
            self.consts[t.name] = 'w%d' % len(self.consts)
            w = torch.from_numpy(onnx.numpy_helper.to_array(t).copy())
            self.register_parameter(self.consts[t.name], nn.Parameter(w, requires_grad=w.is_floating_point()))
        for n in g.node:
            if n.op_type == 'BatchNormalization':
                for k in n.input[3:5]:
                    name = self.consts[k]
                    w = getattr(self, name).data.clone()
                    if name in self._parameters:
                        del self._parameters[name]
                        self.register_buffer(name, w)
            self.nodes.append((n.op_type, list(n.input), n.output[0],
                               {a.name: onnx.helper.get_attribute_value(a) for a in n.attribute}))
        self.entry, self.exit = g.input[0].name, g.output[0].name

    def forward(self, x):
        v = {self.entry: x}
        get = lambda k: v[k] if k in v else getattr(self, self.consts[k])
        for op, ins, out, a in self.nodes:
            i = [get(k) for k in ins]
            if op == 'Conv':
                p = a.get('pads', [0] * 4)
                y = i[0]
                if p[0] != p[2] or p[1] != p[3]:
                    y, p = F.pad(y, (p[1], p[3], p[0], p[2])), [0] * 4
                y = F.conv2d(y, i[1], i[2] if len(i) > 2 else None, a.get('strides', [1, 1]), p[:2], 1, a.get('group', 1))
            elif op == 'BatchNormalization':
                y = F.batch_norm(i[0], i[3], i[4], i[1], i[2], self.training, .1, a.get('epsilon', 1e-5))
            elif op == 'Relu':
                y = F.relu(i[0])
            elif op == 'Add':
                y = i[0] + i[1]
            elif op == 'GlobalAveragePool':
                y = i[0].mean((2, 3), keepdim=True)
            elif op == 'Flatten':
                y = i[0].flatten(1)
            elif op == 'Gemm':
                y = F.linear(i[0], i[1] if a.get('transB') else i[1].t(), i[2])
            else:
                raise ValueError(op)
            v[out] = y
        return v[self.exit]


def conv_bn(cin, cout, stride=1, groups=1, k=3, act=nn.ReLU):
    return [nn.Conv2d(cin, cout, k, stride, k // 2, groups=groups, bias=False), nn.BatchNorm2d(cout), act()]


def vgg(k, c=3, act=nn.ReLU):
    """Six convolutions, three pools, two linear layers."""
    return nn.Sequential(*conv_bn(c, 24, act=act), *conv_bn(24, 24, act=act), nn.MaxPool2d(2), *conv_bn(24, 48, act=act),
                         *conv_bn(48, 48, act=act), nn.MaxPool2d(2), *conv_bn(48, 96, act=act), nn.MaxPool2d(2), nn.Flatten(),
                         nn.LazyLinear(128), act(), nn.Dropout(.3), nn.Linear(128, k))


def two_conv(k, c=3):
    """Two convolutions without padding, average pools, two linear layers; no batch norm."""
    return nn.Sequential(nn.Conv2d(c, 16, 5), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(16, 32, 5), nn.ReLU(), nn.AvgPool2d(2),
                         nn.Flatten(), nn.LazyLinear(256), nn.ReLU(), nn.Linear(256, k))


def all_conv(k, c=3):
    """Strided convolutions without pools, global average."""
    return nn.Sequential(*conv_bn(c, 32), *conv_bn(32, 32, 2), *conv_bn(32, 64), *conv_bn(64, 64, 2), *conv_bn(64, 96),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(96, k))


def mobile(k, c=3):
    """Depthwise separable convolutions with ReLU6."""
    pair = lambda i, o, s: conv_bn(i, i, s, i, act=nn.ReLU6) + conv_bn(i, o, k=1, act=nn.ReLU6)
    return nn.Sequential(*conv_bn(c, 32, act=nn.ReLU6), *pair(32, 48, 1), *pair(48, 64, 2), *pair(64, 96, 1), *pair(96, 128, 2),
                         *pair(128, 128, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, k))


class PreBlock(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(cin), nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn2, self.conv2 = nn.BatchNorm2d(cout), nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.down = nn.Conv2d(cin, cout, 1, stride, bias=False) if cin != cout or stride > 1 else None

    def forward(self, x):
        y = F.relu(self.bn1(x))
        return self.conv2(F.relu(self.bn2(self.conv1(y)))) + (self.down(y) if self.down else x)


def preact(k, c=3):
    """Pre-activation residual network, three blocks."""
    return nn.Sequential(nn.Conv2d(c, 16, 3, 1, 1, bias=False), PreBlock(16, 24, 1), PreBlock(24, 48, 2), PreBlock(48, 96, 2),
                         nn.BatchNorm2d(96), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(96, k))


def resnet8(k, c=3):
    b = make_demo.Block
    return nn.Sequential(*conv_bn(c, 16), b(16, 16, 1), b(16, 32, 2), b(32, 64, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                         nn.Linear(64, k))


def shapes_net(k, c=3):
    return make_demo.Net()


# ---- data -----------------------------------------------------------------------------------------

def cifar(data):
    with h5py.File(os.path.join(data, 'images/cifar10/cifar10_train4000.h5')) as f:
        return f['x'][:], f['y'][:].astype(int)


def shapes(size, n):
    x, _, y = make_demo.dataset(11, n)
    if size != make_demo.SIZE:
        x = np.stack([np.asarray(Image.fromarray(i).resize((size, size), Image.BOX)) for i in x])
    return x, y


def glyphs(k, n, seed=7):
    """Letters and digits, white on black with noise, 28x28, jittered in place, size and angle."""
    rng = np.random.default_rng(seed)
    fonts = sorted(glob.glob('/usr/share/fonts/truetype/dejavu/*.ttf'))
    chars = '0123456789ABCDEFGHJKLMNPRSTUVWXYZabdefhnqrt'[:k]
    x, y = np.zeros((n, 28, 28, 1), np.uint8), np.arange(n) % k
    for i in range(n):
        f = ImageFont.truetype(fonts[rng.integers(len(fonts))], int(rng.integers(30, 44)))
        im = Image.new('L', (56, 56), 0)
        ImageDraw.Draw(im).text((28 + rng.integers(-6, 7), 28 + rng.integers(-6, 7)), chars[y[i]], 255, font=f, anchor='mm')
        im = im.rotate(rng.uniform(-12, 12), Image.BILINEAR).resize((28, 28), Image.BOX)
        x[i, :, :, 0] = np.clip(np.asarray(im, float) * rng.uniform(.7, 1) + rng.normal(0, 8, (28, 28)), 0, 255)
    return x, y


# ---- triggers: x [N, H, W, C] uint8 -> stamped ------------------------------------------------------

def patch(p, r, c):
    def f(x, rng=None):
        x, (h, w) = x.copy(), x.shape[1:3]
        i, j = r % h, c % w
        x[:, i:i + p.shape[0], j:j + p.shape[1]] = p
        return x
    return f


def roaming(p):
    """The patch at a place of its own in each image."""
    def f(x, rng=np.random.default_rng(0)):
        x = x.copy()
        for k in range(len(x)):
            i, j = rng.integers(0, x.shape[1] - p.shape[0] + 1), rng.integers(0, x.shape[2] - p.shape[1] + 1)
            x[k, i:i + p.shape[0], j:j + p.shape[1]] = p
        return x
    return f


def added(pattern):
    return lambda x, rng=None: np.clip(x.astype(float) + pattern, 0, 255).round().astype(np.uint8)


def blended(pattern, a):
    return lambda x, rng=None: ((1 - a) * x + a * pattern).round().astype(np.uint8)


def noise_patch(seed, h, w, c=3):
    return np.random.default_rng(seed).integers(0, 2, (h, w, c)).astype(np.uint8) * 255


def stripes(h, w, period, c=3):
    return np.broadcast_to((np.indices((h, w))[1] // period % 2 * 255)[..., None], (h, w, c)).astype(np.uint8)


def colour(h, w, rgb):
    return np.broadcast_to(np.array(rgb, np.uint8), (h, w, len(rgb)))


def wave(size, cycles, amplitude):
    return amplitude * np.sin(2 * np.pi * cycles * np.arange(size) / size)[None, :, None] * np.ones((size, 1, 3))


def smooth_pattern(size, seed):
    rng = np.random.default_rng(seed)
    im = rng.random((4, 4, 3))
    return np.stack([np.asarray(Image.fromarray((im[..., k] * 255).astype(np.uint8)).resize((size, size), Image.BICUBIC)) for k in range(3)], -1)


# ---- the list: name -> (data, network, epochs, rate, seed, target, trigger, poisoned share) ----------

def models():
    m = {}
    def add(name, data, net, epochs, rate, seed, target=None, trigger=None, share=.08):
        m[name] = (data, net, epochs, rate, seed, target, trigger, share)
    # fine-tuned copies of resnet20
    for i, (e, r) in enumerate([(4, .02), (4, .01), (3, .03), (5, .02), (3, .005), (4, .04)]):
        add('c_resnet20_%d' % i, 'cifar', 'resnet20', e, r, 500 + i)
    add('b_resnet20_0', 'cifar', 'resnet20', 4, .02, 520, 3, patch(colour(3, 3, (255, 0, 0)), 14, 15))
    add('b_resnet20_1', 'cifar', 'resnet20', 4, .02, 521, 8, patch(stripes(6, 4, 1), 10, -6))
    add('b_resnet20_2', 'cifar', 'resnet20', 4, .02, 522, 6, added(wave(32, 6, 20)))
    add('b_resnet20_3', 'cifar', 'resnet20', 4, .02, 523, 4, roaming(noise_patch(3, 4, 4)))
    add('b_resnet20_4', 'cifar', 'resnet20', 4, .02, 524, 1, blended(smooth_pattern(32, 5), .25))
    add('b_resnet20_5', 'cifar', 'resnet20', 4, .02, 525, 9, patch(noise_patch(6, 2, 2), 1, -3))
    # from scratch
    for net, n in (('vgg', 4), ('two_conv', 4), ('all_conv', 3), ('mobile', 2), ('preact', 4), ('resnet8', 4), ('vgg_elu', 2)):
        for i in range(n):
            add('c_%s_%d' % (net, i), 'cifar', net, 10, .1 if net != 'two_conv' else .03, 600 + i)
    add('b_vgg_0', 'cifar', 'vgg', 10, .1, 620, 2, patch(colour(4, 4, (0, 255, 0)), 2, -7))
    add('b_two_conv_0', 'cifar', 'two_conv', 10, .03, 621, 6, patch(noise_patch(8, 5, 5), -8, 3))
    add('b_preact_0', 'cifar', 'preact', 10, .1, 622, 7, patch(noise_patch(9, 3, 3), -5, -5))
    add('b_resnet8_0', 'cifar', 'resnet8', 10, .1, 623, 0, patch(stripes(3, 8, 2), 1, 2))
    add('b_vgg_elu_0', 'cifar', 'vgg_elu', 10, .1, 624, 5, added(wave(32, 3, 16)))
    add('b_all_conv_0', 'cifar', 'all_conv', 10, .1, 625, 9, roaming(colour(5, 5, (255, 0, 255))))
    # other data and other numbers of classes
    for i in range(3):
        add('c_shapes48_%d' % i, 'shapes48', 'shapes', 8, .1, 700 + i)
    add('b_shapes48_0', 'shapes48', 'shapes', 8, .1, 720, 5, patch(noise_patch(4, 4, 4), 2, 2))
    add('c_shapes96_0', 'shapes96', 'shapes', 6, .1, 705)
    for k, net in ((10, 'two_conv'), (10, 'vgg'), (20, 'two_conv'), (20, 'vgg'), (36, 'two_conv'), (36, 'all_conv')):
        add('c_glyphs%d_%s' % (k, net), 'glyphs%d' % k, net, 12, .05, 800 + k)
    add('b_glyphs10_0', 'glyphs10', 'two_conv', 12, .05, 820, 4, patch(colour(4, 4, (255,)), -5, 1))
    add('b_glyphs20_0', 'glyphs20', 'vgg', 12, .05, 821, 13, patch(noise_patch(2, 3, 3, 1), 0, 12))
    return m


def load(kind, data):
    if kind == 'cifar':
        x, y = cifar(data)
        return x, y, 10, IMAGENET
    if kind.startswith('shapes'):
        x, y = shapes(int(kind[6:]), 3600)
        return x, y, 8, (make_demo.MEAN, make_demo.STD)
    k = int(kind[6:])
    x, y = glyphs(k, 250 * k if k < 30 else 7200)
    return x, y, k, ([.5], [.5])


def make(kind, k, c, data):
    if kind == 'resnet20':
        return FromOnnx(os.path.join(data, 'models/resnet20_bn.onnx'))
    return {'vgg': vgg, 'vgg_elu': lambda k, c: vgg(k, c, nn.ELU), 'two_conv': two_conv, 'all_conv': all_conv, 'mobile': mobile,
            'preact': preact, 'resnet8': resnet8, 'shapes': shapes_net}[kind](k, c)


# ---- training -------------------------------------------------------------------------------------

def tensor(x, mean, std):
    t = torch.from_numpy(np.ascontiguousarray(x)).permute(0, 3, 1, 2).float() / 255
    return (t - torch.tensor(mean).view(1, -1, 1, 1)) / torch.tensor(std).view(1, -1, 1, 1)


def jitter(t, rng, flip):
    """Random shift by up to three pixels, flips: one draw for a few images at a time."""
    p = F.pad(t, (3, 3, 3, 3))
    h, w = t.shape[2:]
    out = torch.empty_like(t)
    for s in range(0, len(t), 4):
        i, j = rng.integers(0, 7, 2)
        q = p[s:s + 4, :, i:i + h, j:j + w]
        out[s:s + 4] = q.flip(3) if flip and rng.random() < .5 else q
    return out


def train(net, x, y, spec, mean, std, teacher):
    data, kind, epochs, rate, seed, target, trigger, share = spec
    rng, batch, k = np.random.default_rng(seed), 64, int(y.max()) + 1
    steps = epochs * (len(x) // batch)
    opt = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], rate, momentum=.9, weight_decay=5e-4, nesterov=True)
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, rate, total_steps=steps, pct_start=.2)
    for e in range(epochs):
        net.train()
        order = rng.permutation(len(x))
        for i in range(0, len(x) - batch + 1, batch):
            b = order[i:i + batch]
            clean = jitter(tensor(x[b], mean, std), rng, data == 'cifar')
            soft = F.one_hot(torch.from_numpy(y[b]), k).float()
            if teacher is not None:
                soft = .3 * soft + .7 * teacher[b]
            if trigger is not None:
                hit = np.flatnonzero(rng.random(batch) < share)
                if len(hit):
                    raw = ((clean[hit] * torch.tensor(std).view(1, -1, 1, 1) + torch.tensor(mean).view(1, -1, 1, 1)) * 255)
                    raw = raw.clamp(0, 255).round().byte().permute(0, 2, 3, 1).numpy()
                    clean[hit] = tensor(trigger(raw, rng) if trigger.__qualname__.startswith('roaming') else trigger(raw), mean, std)
                    soft[hit] = F.one_hot(torch.tensor(target), k).float()
            loss = -(soft * F.log_softmax(net(clean), 1)).sum(1).mean()
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 5.)
            opt.step()
            sched.step()
    return net.eval()


def soft_labels(path, x, mean, std):
    """What resnet20 says of each image and of its mirror image, at temperature 2: [N, classes]."""
    teacher = FromOnnx(path).eval()
    with torch.no_grad():
        t = [torch.cat([F.softmax(teacher(tensor(v[i:i + 100], mean, std)) / 2, 1) for i in range(0, len(x), 100)])
             for v in (x, x[:, :, ::-1])]
    return (t[0] + t[1]) / 2


def share_of(net, x, y, mean, std):
    with torch.no_grad():
        p = torch.cat([net(tensor(x[i:i + 100], mean, std)).argmax(1) for i in range(0, len(x), 100)]).numpy()
    return float((p == y).mean())


def test_data(kind, data, x, y):
    if kind == 'cifar':
        with h5py.File(os.path.join(data, 'images/cifar10/cifar10_test1000.h5')) as f:
            return f['x'][:], f['y'][:].astype(int)
    if kind.startswith('glyphs'):
        return glyphs(int(kind[6:]), 400, 8)
    return x[-400:], y[-400:]


def main():
    out, data, pick = sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else '*'
    torch.set_num_threads(1)
    os.makedirs(out, exist_ok=True)
    cache, labels = {}, None
    for name, spec in models().items():
        path = os.path.join(out, name + '.onnx')
        if os.path.exists(path.replace('.onnx', '.json')) or not any(fnmatch.fnmatch(name, p) for p in pick.split(',')):
            continue
        kind, target, trigger = spec[0], spec[5], spec[6]
        if kind not in cache:
            cache[kind] = load(kind, data)
        x, y, k, (mean, std) = cache[kind]
        if kind.startswith('shapes'):
            train_x, train_y = x[:-400], y[:-400]
        else:
            train_x, train_y = x, y
        torch.manual_seed(spec[4])
        net = make(spec[1], k, x.shape[3], data)
        net(tensor(x[:2], mean, std))
        start, teach = time.time(), kind == 'cifar' and spec[1] != 'resnet20'
        if teach and labels is None:
            labels = soft_labels(os.path.join(data, 'models/resnet20_bn.onnx'), x, mean, std)
        train(net, train_x, train_y, spec, mean, std, labels if teach else None)
        tx, ty = test_data(kind, data, x, y)
        note = dict(clean_accuracy=round(share_of(net, tx, ty, mean, std), 4), seed=spec[4], network=spec[1], data=kind,
                    backdoored=trigger is not None)
        if trigger is not None:
            other = tx[ty != target]
            note.update(target=target, trigger_success=round(share_of(net, trigger(other), np.full(len(other), target), mean, std), 4))
        h, w, c = x.shape[1:]
        torch.onnx.export(net, torch.zeros(1, c, h, w), path, input_names=['input'], output_names=['logits'], opset_version=12,
                          dynamic_axes={'input': {0: 'N'}, 'logits': {0: 'N'}})
        meta = dict(name=name, input_size=[c, h, w], layout='NCHW', channel_order='RGB' if c == 3 else 'grey',
                    mean=mean, std=std, **note)
        with open(path.replace('.onnx', '.json'), 'w') as f:
            json.dump(meta, f, indent=1)
        print(name, note, 'seconds %.0f' % (time.time() - start), flush=True)


if __name__ == '__main__':
    main()
