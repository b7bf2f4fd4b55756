// Throttler and nestjs-prometheus are CommonJS and would import Nest in a cycle; loading Nest first breaks it.
import 'reflect-metadata';
import '@nestjs/common';
import '@nestjs/core';
