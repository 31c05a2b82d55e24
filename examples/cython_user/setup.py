from setuptools import Extension, setup

# Cython finds woox-fast's .pxd in the installed package.
setup(name="cython-user", version="1", ext_modules=[Extension("cython_user", ["cython_user.pyx"])])
